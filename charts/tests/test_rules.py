"""What must hold for every pod and every object of every scenario, hooks and tests included."""

import re
from collections import Counter
from typing import Any

import pytest
import yaml
from chart import (
    CHART,
    NAMESPACE,
    RELEASE,
    SCENARIOS,
    SERVICES,
    Refused,
    container_of,
    containers,
    env,
    objects,
    objects_of,
    ours,
    pods,
    render,
    text_of,
    the,
)

LABELS = {"app.kubernetes.io/name", "app.kubernetes.io/instance", "app.kubernetes.io/component"}
# Variables that hold a credential, and so may only come from a Secret.
SECRET = re.compile(r"DATABASE|PASSWORD|SECRET|_KEYS?$|^CLIENTS$|HEADERS|TOKEN$")
every = pytest.mark.parametrize("scenario", SCENARIOS)


@every
def test_selectors_are_name_instance_and_component_alone(scenario: str) -> None:
    selectors = [
        each["spec"]["selector"]["matchLabels"]
        for kind in ("Deployment", "PodDisruptionBudget")
        for each in objects_of(scenario, kind)
    ]
    selectors += [each["spec"]["selector"] for each in objects_of(scenario, "Service")]
    selectors += [
        each["spec"]["podSelector"]["matchLabels"] for each in objects_of(scenario, "NetworkPolicy")
    ]

    assert selectors
    assert {frozenset(selector) for selector in selectors} == {frozenset(LABELS)}


@every
def test_a_new_version_of_the_chart_alone_restarts_no_pod(scenario: str) -> None:
    for name, pod in pods(objects_of(scenario)):
        labels = pod["metadata"]["labels"]
        assert set(labels) >= LABELS, name
        if not name.startswith("Pod/"):
            assert not {"helm.sh/chart", "app.kubernetes.io/version"} & set(labels), name


@every
def test_every_pod_is_restricted(scenario: str) -> None:
    for name, pod in pods(objects_of(scenario)):
        spec = pod["spec"]
        assert spec["automountServiceAccountToken"] is False, name
        assert spec["enableServiceLinks"] is False, name
        assert spec["securityContext"]["runAsNonRoot"] is True, name
        assert spec["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}, name
        assert not {"hostNetwork", "hostPID", "hostIPC"} & set(spec), name
        assert not {"hostPath"} & {kind for volume in spec.get("volumes", []) for kind in volume}, (
            name
        )
        for container in containers(pod):
            context = container["securityContext"]
            assert context["allowPrivilegeEscalation"] is False, (name, container["name"])
            assert context["capabilities"] == {"drop": ["ALL"]}, (name, container["name"])
            assert not context.get("privileged"), (name, container["name"])
        for container in ours(pod):
            assert container["securityContext"]["readOnlyRootFilesystem"] is True, (
                name,
                container["name"],
            )


@every
def test_no_pod_names_a_user_or_a_group_so_that_openshift_can(scenario: str) -> None:
    for name, pod in pods(objects_of(scenario)):
        contexts = [
            pod["spec"]["securityContext"],
            *(each["securityContext"] for each in containers(pod)),
        ]
        assert not {"runAsUser", "runAsGroup", "fsGroup", "supplementalGroups"} & {
            key for context in contexts for key in context
        }, name


@every
def test_no_pod_spec_holds_a_credential(scenario: str) -> None:
    for name, pod in pods(objects_of(scenario)):
        for container in containers(pod):
            for variable, value in env(container).items():
                if variable == "DATABASE" and isinstance(value, str):
                    assert re.fullmatch(r"postgresql://[\w.-]*(:\d+)?(/\w+)?", value), (
                        name,
                        variable,
                        value,
                    )
                elif SECRET.search(variable):
                    assert isinstance(value, dict), (name, variable)
                    assert "secretKeyRef" in value, (name, variable)
                elif isinstance(value, str):
                    assert not re.search(r"://[^/\s]*:[^/\s]*@", value), (name, variable)


@every
def test_the_chart_makes_no_secret(scenario: str) -> None:
    assert not objects_of(scenario, "Secret")


@every
def test_names_of_variables_are_unique_in_a_container(scenario: str) -> None:
    for name, pod in pods(objects_of(scenario)):
        for container in containers(pod):
            twice = [
                variable
                for variable, times in Counter(
                    each["name"] for each in container.get("env", [])
                ).items()
                if times > 1
            ]
            assert not twice, (name, container["name"])


@every
def test_every_value_of_a_variable_is_text(scenario: str) -> None:
    for name, pod in pods(objects_of(scenario)):
        for container in containers(pod):
            for each in container.get("env", []):
                assert isinstance(each.get("value", ""), str), (name, each)


def test_every_image_comes_from_the_override() -> None:
    for scenario in SCENARIOS:
        text = render(
            SCENARIOS[scenario],
            "global.imageRegistry=mirror.test:5000/a/b",
            "global.imagePullSecrets[0].name=pull",
        )
        for name, pod in pods(objects(text)):
            users = {"registry.example.org/database-proxy:1.2.3"}
            images = {each["image"] for each in containers(pod)} - users
            assert images, name
            assert {image.startswith("mirror.test:5000/a/b/") for image in images} == {True}, (
                scenario,
                name,
                images,
            )
            assert pod["spec"]["imagePullSecrets"] == [{"name": "pull"}], (scenario, name)


def test_the_digest_decides_and_a_path_of_the_registry_is_kept() -> None:
    images = {each["image"] for _, pod in pods(objects_of("airgap")) for each in containers(pod)}

    (image,) = images
    assert re.fullmatch(
        r"registry\.internal:5000/mirror/city/eldercare:0\.1\.0@sha256:[0-9a-f]{64}", image
    )


@every
def test_replicas_are_absent_where_something_scales(scenario: str) -> None:
    scalers = [
        *objects_of(scenario, "HorizontalPodAutoscaler"),
        *objects_of(scenario, "ScaledObject"),
    ]
    scaled = {each["spec"]["scaleTargetRef"]["name"] for each in scalers}

    for deployment in objects_of(scenario, "Deployment"):
        assert ("replicas" in deployment["spec"]) == (deployment["metadata"]["name"] not in scaled)


@every
def test_nothing_is_scaled_to_zero(scenario: str) -> None:
    least = [
        each["spec"]["minReplicas"] for each in objects_of(scenario, "HorizontalPodAutoscaler")
    ]
    least += [each["spec"]["minReplicaCount"] for each in objects_of(scenario, "ScaledObject")]

    assert all(value >= 1 for value in least)


@every
def test_a_disruption_budget_leaves_something_to_be_disrupted(scenario: str) -> None:
    """A budget on one pod would block every drain of its node."""
    least = {
        each["metadata"]["name"]: each["spec"].get("replicas")
        for each in objects_of(scenario, "Deployment")
    }
    least |= {
        each["metadata"]["name"]: each["spec"]["minReplicas"]
        for each in objects_of(scenario, "HorizontalPodAutoscaler")
    }
    least |= {
        each["metadata"]["name"]: each["spec"]["minReplicaCount"]
        for each in objects_of(scenario, "ScaledObject")
    }
    budgets = {
        each["metadata"]["name"]: each["spec"]
        for each in objects_of(scenario, "PodDisruptionBudget")
    }

    assert set(budgets) == {name for name, pods_at_least in least.items() if pods_at_least > 1}
    assert all(
        "minAvailable" not in budget and budget["maxUnavailable"] < least[name]
        for name, budget in budgets.items()
    )


@every
def test_every_container_of_ours_has_probes_requests_and_a_limit_of_memory(scenario: str) -> None:
    for name, pod in pods(objects_of(scenario)):
        for container in ours(pod):
            assert {"cpu", "memory"} <= set(container["resources"]["requests"]), (
                name,
                container["name"],
            )
            assert "memory" in container["resources"]["limits"], (name, container["name"])
            if name.startswith("Deployment/") and container["args"][0] == "run":
                probes = {
                    kind: container[f"{kind}Probe"]["httpGet"]
                    for kind in ("liveness", "startup", "readiness")
                }
                assert {probe["port"] for probe in probes.values()} == {"management"}
                assert [probe["path"] for probe in probes.values()] == ["/live", "/live", "/ready"]


@every
def test_the_image_is_its_own_entry_point(scenario: str) -> None:
    """No shell between the cluster's signal and the program."""
    for name, pod in pods(objects_of(scenario)):
        for container in ours(pod):
            assert "command" not in container, (name, container["name"])


@every
def test_every_mount_has_its_volume_and_every_volume_a_mount(scenario: str) -> None:
    for name, pod in pods(objects_of(scenario)):
        mounted = {
            mount["name"]
            for container in containers(pod)
            for mount in container.get("volumeMounts", [])
        }
        assert mounted == {volume["name"] for volume in pod["spec"].get("volumes", [])}, name


@every
def test_services_lead_to_ports_that_pods_have(scenario: str) -> None:
    for service in SERVICES:
        spec = the(scenario, "Service", f"-{service}")["spec"]
        named = {port["name"] for port in container_of(scenario, service)["ports"]}
        assert {port["targetPort"] for port in spec["ports"]} <= named
        assert spec.get("clusterIP") == (None if service == "gateway" else "None")


@every
def test_the_gateway_and_dispatch_know_their_neighbours_by_their_services(scenario: str) -> None:
    services = objects_of(scenario, "Service")
    made = {
        f"dns:///{each['metadata']['name']}.{NAMESPACE}.svc:{each['spec']['ports'][0]['port']}"
        for each in services
    }
    gateway, dispatch = (
        env(container_of(scenario, service)) for service in ("gateway", "dispatch")
    )
    addresses = {
        *re.findall(r"dns:///[^\"]+", gateway["SERVICES"]),
        dispatch["ASSESSMENT_ADDRESS"],
        dispatch["SUBSIDY_ADDRESS"],
    }

    assert len(addresses) == len(SERVICES) - 1
    assert addresses <= made


def hooks(scenario: str) -> dict[str, Any]:
    return {
        each["metadata"]["name"]: each
        for each in objects_of(scenario)
        if "helm.sh/hook" in each["metadata"].get("annotations", {})
    }


@every
def test_what_runs_before_the_release_needs_nothing_of_it(scenario: str) -> None:
    made = {(each["kind"], each["metadata"]["name"]) for each in objects_of(scenario)}

    for name, job in hooks(scenario).items():
        if job["kind"] != "Job":
            continue
        spec = job["spec"]["template"]["spec"]
        assert spec.get("serviceAccountName", "default") == "default", name
        references = [
            ("Secret", volume["secret"]["secretName"])
            for volume in spec["volumes"]
            if "secret" in volume
        ]
        references += [
            ("ConfigMap", volume["configMap"]["name"])
            for volume in spec["volumes"]
            if "configMap" in volume
        ]
        references += [
            (kind, value[source]["name"])
            for container in containers(job["spec"]["template"])
            for value in env(container).values()
            if isinstance(value, dict)
            for source, kind in (("secretKeyRef", "Secret"), ("configMapKeyRef", "ConfigMap"))
            if source in value
        ]
        assert not made & set(references), name


def test_hooks_migrate_before_they_make_topics_and_leave_only_failures_behind() -> None:
    found = hooks("minimal")
    annotations = {
        name: found[f"demo-eldercare-{name}"]["metadata"]["annotations"]
        for name in ("migrate", "topics")
    }

    assert {each["helm.sh/hook"] for each in annotations.values()} == {"pre-install,pre-upgrade"}
    assert int(annotations["migrate"]["helm.sh/hook-weight"]) < int(
        annotations["topics"]["helm.sh/hook-weight"]
    )
    assert {each["helm.sh/hook-delete-policy"] for each in annotations.values()} == {
        "before-hook-creation,hook-succeeded"
    }


def test_annotations_of_hooks_are_the_users_where_he_gives_any() -> None:
    found = objects(
        render(
            SCENARIOS["minimal"], r"migrations.hookAnnotations.argocd\.argoproj\.io/hook=PreSync"
        )
    )

    annotations = [each["metadata"]["annotations"] for each in found if each["kind"] == "Job"]
    assert annotations == [{"argocd.argoproj.io/hook": "PreSync"}] * 2


def test_a_job_of_the_release_has_a_new_name_when_its_pod_changes_and_only_then() -> None:
    def name(*settings: str) -> str:
        found = objects(render(SCENARIOS["job-mode"], *settings))
        (job,) = [
            each for each in found if each["metadata"]["name"].startswith("demo-eldercare-migrate")
        ]
        assert "helm.sh/hook" not in job["metadata"].get("annotations", {})
        return str(job["metadata"]["name"])

    assert name() == name("services.dispatch.replicas=3") == name("migrations.backoffLimit=9")
    assert name() != name("image.tag=0.2.0")
    assert name() != name("migrations.pod.resources.limits.memory=1Gi")


def test_with_jobs_of_the_release_every_service_waits_for_its_own_schema() -> None:
    for service in SERVICES:
        pod = the("job-mode", "Deployment", f"-{service}")["spec"]["template"]
        (wait,) = [each for each in pod["spec"]["initContainers"] if each["name"] == "wait"]
        assert wait["args"] == ["wait", service]
        assert wait["image"] == container_of("job-mode", service)["image"]
        variables = env(container_of("job-mode", service))
        assert env(wait) == {
            key: value for key, value in variables.items() if key.startswith(("DATABASE", "PG"))
        }


def test_whoever_migrates_himself_gets_no_job_and_no_waiting() -> None:
    assert not objects_of("external-mode", "Job")
    assert not [
        name for name, pod in pods(objects_of("external-mode")) if pod["spec"].get("initContainers")
    ]


def test_every_database_is_migrated_by_the_role_that_owns_its_tables() -> None:
    pod = the("ha", "Job", "-migrate")["spec"]["template"]
    found = {
        each["args"][1]: env(each)["PGPASSWORD"]["secretKeyRef"]["name"] for each in containers(pod)
    }

    assert found == {service: f"{service}-db-owner" for service in SERVICES}
    for service in SERVICES:
        assert (
            env(container_of("ha", service))["PGPASSWORD"]["secretKeyRef"]["name"]
            == f"{service}-db"
        )


def test_jobs_read_the_same_secrets_as_services() -> None:
    for scenario in ("strimzi-cnpg", "minimal", "airgap"):
        pod = the(scenario, "Job", "-migrate")["spec"]["template"]
        for container in containers(pod):
            service = env(container_of(scenario, container["args"][1]))
            assert {
                name: value
                for name, value in service.items()
                if name.startswith(("DATABASE", "PG"))
            } == env(container)
    topics = containers(the("airgap", "Job", "-topics")["spec"]["template"])[0]
    service = env(container_of("airgap", "subsidy"))
    assert {name: value for name, value in service.items() if name.startswith("KAFKA")} == {
        name: value for name, value in env(topics).items() if name.startswith("KAFKA")
    }


def test_one_service_can_have_its_database_elsewhere() -> None:
    datacenter, subsidy = (
        env(container_of("external-mode", service)) for service in ("datacenter", "subsidy")
    )

    assert datacenter["DATABASE"] == "postgresql://"
    assert datacenter["PGHOST"] == {"secretKeyRef": {"name": "datacenter-db", "key": "host"}}
    assert subsidy["DATABASE"] == "postgresql://postgres.data.svc:5433/city_subsidy"
    assert subsidy["PGUSER"] == {"secretKeyRef": {"name": "databases", "key": "user"}}


def test_the_values_of_a_service_win_over_the_defaults_also_where_they_are_false() -> None:
    found = objects(
        render(
            SCENARIOS["ha"],
            "services.facility.pdb.enabled=false",
            "services.facility.topologySpread.enabled=false",
            "services.facility.replicas=1",
            "services.facility.resources.limits=null",
        )
    )
    (facility,) = [
        each
        for each in found
        if each["kind"] == "Deployment" and each["metadata"]["name"].endswith("facility")
    ]

    assert facility["spec"]["replicas"] == 1
    assert "topologySpreadConstraints" not in facility["spec"]["template"]["spec"]
    assert "limits" not in facility["spec"]["template"]["spec"]["containers"][0]["resources"]
    assert not [
        each
        for each in found
        if each["kind"] == "PodDisruptionBudget" and each["metadata"]["name"].endswith("facility")
    ]


def test_extras_reach_every_pod_of_ours() -> None:
    settings = (
        "defaults.env.SEEN=yes",
        "defaults.envFrom[0].configMapRef.name=more",
        "defaults.priorityClassName=high",
        "defaults.extraVolumes[0].name=ca",
        "defaults.extraVolumes[0].configMap.name=ca",
        "defaults.extraVolumeMounts[0].name=ca",
        "defaults.extraVolumeMounts[0].mountPath=/ca",
        "defaults.tolerations[0].operator=Exists",
        "defaults.nodeSelector.pool=city",
        "defaults.podLabels.team=care",
        "defaults.extraEnv[0].name=HOST",
        "defaults.extraEnv[0].valueFrom.fieldRef.fieldPath=status.hostIP",
    )
    for name, pod in pods(objects(render(SCENARIOS["minimal"], *settings))):
        assert pod["metadata"]["labels"]["team"] == "care", name
        assert pod["spec"]["tolerations"] == [{"operator": "Exists"}], name
        assert pod["spec"]["nodeSelector"] == {"pool": "city"}, name
        assert pod["spec"]["priorityClassName"] == "high", name
        for container in ours(pod):
            assert env(container)["SEEN"] == "yes", (name, container["name"])
            assert "fieldRef" in env(container)["HOST"], (name, container["name"])
            assert container["envFrom"] == [{"configMapRef": {"name": "more"}}], (
                name,
                container["name"],
            )
            assert "/ca" in {mount["mountPath"] for mount in container["volumeMounts"]}, (
                name,
                container["name"],
            )


def test_labels_of_pods_cannot_change_what_selects_them() -> None:
    found = objects(
        render(SCENARIOS["minimal"], r"defaults.podLabels.app\.kubernetes\.io/component=mine")
    )

    components = {
        pod["metadata"]["labels"]["app.kubernetes.io/component"] for _, pod in pods(found)
    }
    assert components == {*SERVICES, "migrate", "topics", "smoke"}


def test_a_container_that_never_ends_does_not_keep_jobs_from_ending() -> None:
    settings = ("defaults.extraContainers[0].name=beside", "defaults.extraContainers[0].image=x:1")

    with_it = {
        name.split("/")[0]
        for name, pod in pods(objects(render(SCENARIOS["minimal"], *settings)))
        if "beside" in str(pod)
    }

    assert with_it == {"Deployment"}


def test_objects_of_the_user_are_rendered_as_templates() -> None:
    found = {each["metadata"]["name"]: each for each in objects_of("job-mode", "ConfigMap")}

    assert found[f"{RELEASE}-of-the-evaluation"]["data"] == {"says": "http://127.0.0.1:8080"}
    assert f"{RELEASE}-eldercare-as-text" in found


def test_scalers_count_what_each_group_consumes() -> None:
    for service in ("subsidy", "datacenter", "gateway", "supervision"):
        found = objects(render(SCENARIOS["keda"], f"services.{service}.autoscaling.kind=keda"))
        (scaled,) = [
            each
            for each in found
            if each["kind"] == "ScaledObject" and each["metadata"]["name"].endswith(service)
        ]
        lags = [each["metadata"] for each in scaled["spec"]["triggers"] if each["type"] == "kafka"]
        assert lags
        assert {each["consumerGroup"] for each in lags} == {service}
        assert all(re.fullmatch(r"eldercare\.[a-z]+\.v1", each["topic"]) for each in lags)
        assert {each["allowIdleConsumers"] for each in lags} == {"false"}
        assert all(isinstance(value, str) for each in lags for value in each.values())
        (secrets,) = [
            each
            for each in found
            if each["kind"] == "TriggerAuthentication"
            and each["metadata"]["name"].endswith(service)
        ]
        assert {each["name"] for each in secrets["spec"]["secretTargetRef"]} == {
            f"{service}-kafka",
            "kafka-ca",
        }
        assert secrets["spec"]["env"] == [
            {"parameter": "username", "name": "KAFKA_USERNAME", "containerName": service}
        ]


def test_rules_and_dashboards_are_what_lies_in_files() -> None:
    found = {
        each["metadata"]["name"].removeprefix("demo-eldercare-"): each["spec"]
        for each in objects_of("monitoring", "PrometheusRule")
    }
    shown = {next(iter(each["data"])) for each in objects_of("monitoring", "ConfigMap")}

    assert found == {
        path.stem.replace("_", "-"): yaml.safe_load(path.read_text())
        for path in (CHART / "files" / "alerts").glob("*.yaml")
    }
    assert shown == {path.name for path in (CHART / "files" / "dashboards").glob("*.json")}
    for each in objects_of("monitoring", "ConfigMap"):
        ((name, text),) = each["data"].items()
        assert text == (CHART / "files" / "dashboards" / name).read_text()


def test_an_alert_can_be_left_out() -> None:
    def alerts(found: list[Any]) -> set[str]:
        groups = [
            group
            for each in found
            if each["kind"] == "PrometheusRule"
            for group in each["spec"]["groups"]
        ]
        return {rule["alert"] for group in groups for rule in group["rules"] if "alert" in rule}

    before = alerts(objects_of("monitoring"))
    unwanted = min(before)

    after = alerts(
        objects(render(SCENARIOS["monitoring"], f"telemetry.prometheusRule.without[0]={unwanted}"))
    )

    assert before - after == {unwanted}


def test_topics_of_strimzi_are_those_of_the_command() -> None:
    topics = {
        each["metadata"]["name"]: each["spec"] for each in objects_of("strimzi-cnpg", "KafkaTopic")
    }

    assert not [
        each
        for each in objects_of("strimzi-cnpg", "Job")
        if each["metadata"]["name"].endswith("topics")
    ]
    assert {spec["partitions"] for spec in topics.values()} == {12}
    assert {spec["config"]["cleanup.policy"] for spec in topics.values()} == {"compact", "delete"}


@pytest.mark.parametrize(
    ("setting", "words"),
    [
        (
            "defaults.env.DATABASE=x",
            "services.assessment.env.DATABASE: the chart sets it from other values",
        ),
        (
            "services.dispatch.extraEnv[0].name=LOG_LEVEL",
            "services.dispatch.extraEnv: LOG_LEVEL is there twice",
        ),
        (
            "migrations.pod.env.DATABASE=x",
            "migrations.pod.env.DATABASE: the chart sets it from other values",
        ),
    ],
)
def test_a_variable_that_is_there_already_is_refused(setting: str, words: str) -> None:
    with pytest.raises(Refused, match=re.escape(words)):
        render(SCENARIOS["minimal"], setting)


def test_the_scenarios_are_different() -> None:
    texts = [text_of(scenario) for scenario in SCENARIOS]

    assert len(set(texts)) == len(texts)
