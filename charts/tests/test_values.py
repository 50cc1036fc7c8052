"""Wrong values are refused with their key and what to do; older values, and a parent chart's, are
not.
"""

import copy
import re
from pathlib import Path
from typing import Any

import pytest
import written
import yaml
from chart import (
    CHART,
    HELMS,
    SCENARIOS,
    Refused,
    containers,
    copied,
    defaults,
    helm,
    objects,
    objects_of,
    pods,
    render,
)

MINIMAL = SCENARIOS["minimal"]

both = pytest.mark.parametrize("with_helm", HELMS)


@both
@pytest.mark.parametrize(
    ("setting", "words"),
    [
        ("databse.existingSecret=x", "additional properties 'databse' not allowed"),
        (
            "services.subsidy.repicas=3",
            "at '/services/subsidy': additional properties 'repicas' not allowed",
        ),
        (
            "services.billing.replicas=3",
            "at '/services': additional properties 'billing' not allowed",
        ),
        ("defaults.replicas=two", "at '/defaults/replicas': got string, want integer"),
        (
            "defaults.resources.limit.memory=1Gi",
            "at '/defaults/resources': additional properties 'limit' not allowed",
        ),
        ("defaults.env.FOO=5", "at '/defaults/env/FOO': got number, want string"),
        ("defaults.tolerations[0].efect=NoSchedule", "additional properties 'efect' not allowed"),
        (
            "defaults.securityContext.readOnlyRootFilesystm=true",
            "additional properties 'readOnlyRootFilesystm' not allowed",
        ),
        (
            "defaults.podSecurityContext.runAsNonroot=true",
            "at '/defaults/podSecurityContext': additional properties 'runAsNonroot'",
        ),
        (
            "services.subsidy.securityContext.capabilities.dropp[0]=ALL",
            "additional properties 'dropp' not allowed",
        ),
        (
            "defaults.affinity.podAntiAffinity.required[0].topologyKey=x",
            "additional properties 'required' not allowed",
        ),
        (
            "defaults.autoscaling.behavior.scaleDown.stabilisationWindowSeconds=60",
            "additional properties 'stabilisationWindowSeconds'",
        ),
        (
            "defaults.extraEnv[0].name=A,defaults.extraEnv[0].valueFrom.secretKeyReff.name=x",
            "'secretKeyReff' not allowed",
        ),
        (
            "services.gateway.networkPolicy.extraEgress[0].port[0].port=443",
            "additional properties 'port' not allowed",
        ),
        (
            "defaults.networkPolicy.extraIngress[0].to[0].ipBlock.cidr=10.0.0.0/8",
            "additional properties 'to' not allowed",
        ),
        (
            "migrations.pod.extraVolumes[0].name=ca,"
            "migrations.pod.extraVolumes[0].configMaps.name=ca",
            "'configMaps' not allowed",
        ),
        (
            "test.pod.initContainers[0].name=a,test.pod.initContainers[0].imge=b",
            "additional properties 'imge' not allowed",
        ),
        ("kafka.bootstrapServers=kafka", "at '/kafka/bootstrapServers'"),
        (
            r"kafka.client.max\.poll\.interval\.ms=5",
            "at '/kafka/client/max.poll.interval.ms': got number, want string",
        ),
        ("kafka.client.acks=none", "at '/kafka/client': additional properties 'acks' not allowed"),
        ("database.poolSize=1", "at '/database/poolSize': minimum"),
        ("kafka.security.protocol=TLS", "at '/kafka/security/protocol': value must be one of"),
        ("kafka.partitions=0", "at '/kafka/partitions': minimum"),
        (
            "migrations.mode=jobs",
            "at '/migrations/mode': value must be one of 'hook', 'job', 'external'",
        ),
        ("telemetry.sampling.ratio=1", "at '/telemetry/sampling/ratio': got number, want string"),
        ("database.tls.mode=on", "at '/database/tls/mode': value must be one of"),
        ("defaults.autoscaling.min=0", "at '/defaults/autoscaling/min': minimum"),
        ("area=3411", "at '/area'"),
    ],
)
def test_the_schema_refuses_what_is_misspelt_or_of_another_type(
    with_helm: str, setting: str, words: str
) -> None:
    with pytest.raises(Refused, match=re.escape(words)):
        render(MINIMAL, setting, with_helm=with_helm)


@both
def test_all_that_is_missing_is_reported_at_once(with_helm: str) -> None:
    with pytest.raises(Refused) as refusal:
        render(with_helm=with_helm)

    text = str(refusal.value)
    for key in (
        "database.existingSecret",
        "database.tls.caSecret",
        "kafka.bootstrapServers",
        "kafka.existingSecret",
        "keys.existingSecret",
        "clients.existingSecret",
        "identity.issuer",
        "identity.keysUrl",
        "identity.tokenUrl",
    ):
        assert f"- {key}: " in text


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        (["database.existingSecret=one"], "assessment and datacenter would share one database"),
        (
            ["database.host=pg", "database.dbname=city"],
            "assessment and datacenter would share one database",
        ),
        (
            ["database.perService.billing.existingSecret=x"],
            "database.perService.billing: there is no such service",
        ),
        (
            ["database.runtimeRole=SERVICE_app"],
            "database.migrationSecret: is needed by database.runtimeRole",
        ),
        (
            ["database.tls.mode=verify-ca"],
            "database.tls.caSecret: is needed by database.tls.mode verify-ca",
        ),
        (
            ["kafka.security.protocol=SASL_PLAINTEXT"],
            "kafka.existingSecret: is needed by kafka.security.protocol SASL_PLAINTEXT",
        ),
        (
            ["kafka.tls.caSecret=ca"],
            "kafka.tls.caSecret: means nothing with kafka.security.protocol PLAINTEXT",
        ),
        (["kafka.topics.mode=strimzi"], "kafka.topics.strimziCluster: is needed"),
        (
            ["identity.keysUrl=", "identity.builtIn.enabled=true"],
            "identity.builtIn.existingSecret: name the Secret",
        ),
        (["services.assessment.autoscaling.kind=keda"], "assessment hears nothing; say hpa"),
        (
            ["services.subsidy.autoscaling.kind=keda"],
            "services.subsidy.autoscaling.max: 6 is more than kafka.partitions, 4",
        ),
        (
            ["services.subsidy.autoscaling.kind=hpa", "services.subsidy.autoscaling.min=9"],
            "max: 6 is less than min, 9",
        ),
        (
            ["services.subsidy.autoscaling.kind=hpa", "services.subsidy.autoscaling.cpu=0"],
            "cpu: is needed by kind hpa",
        ),
        (
            ["services.subsidy.autoscaling.kind=hpa", "defaults.resources.requests.cpu=null"],
            "resources.requests.cpu, which is not set",
        ),
        (
            ["services.subsidy.replicas=2", "services.subsidy.pdb.maxUnavailable=2"],
            "2 of 2 pods would protect nothing",
        ),
        (
            ["defaults.terminationGracePeriodSeconds=54"],
            "a drain takes up to 50 s, at least 55 are needed",
        ),
        (
            ["services.gateway.httpRoute.enabled=true"],
            "services.gateway.httpRoute.parentRefs: name the Gateway",
        ),
        (
            ["networkPolicy.enabled=true", "telemetry.podMonitor.enabled=true"],
            "networkPolicy.monitoring.from: ",
        ),
        (
            ["networkPolicy.enabled=true", "database.host=pg", "database.keys.port=port"],
            "networkPolicy.egress.database.ports: name the port of PostgreSQL, that of "
            "assessment is known to the Secret alone",
        ),
        (["image.digest=3b1c7a"], "image.digest: begins with sha256:"),
    ],
)
def test_values_that_contradict_each_other_are_refused(settings: list[str], words: str) -> None:
    with pytest.raises(Refused, match=re.escape(words)):
        render(MINIMAL, *settings)


def gone() -> dict[str, str]:
    """The table of keys that are gone, as _deprecations.tpl has it."""
    text = (CHART / "templates" / "_deprecations.tpl").read_text()
    match = re.search(r'define "eldercare.gone" -}}\n(.*?)\n{{- end', text, flags=re.DOTALL)
    assert match
    return dict(line.split(": ", 1) for line in match[1].splitlines())


@pytest.mark.parametrize("key", gone())
def test_a_key_that_is_gone_is_refused_with_the_one_to_use(key: str) -> None:
    with pytest.raises(Refused, match=re.escape(f"{key}: there is no such key; {gone()[key]}")):
        render(MINIMAL, f"{key}=x")


def test_words_about_keys_that_are_gone_name_keys_that_are_there() -> None:
    known = {path for path, _, _ in paths(defaults())}
    for words in gone().values():
        for named in re.findall(r"\b[a-zA-Z]+(?:\.[a-zA-Z]+)+(?<!\.yaml)\b", words):
            assert (
                named.removesuffix(".yaml") != named
                or named in known
                or named.startswith("services.")
            ), words


@both
def test_the_chart_renders_as_a_part_of_another(with_helm: str, tmp_path: Path) -> None:
    parent = tmp_path / "city"
    copied(parent / "charts" / "eldercare")
    (parent / "Chart.yaml").write_text((CHART / "ci" / "wrapper" / "Chart.yaml").read_text())
    (parent / "values.yaml").write_text((CHART / "ci" / "wrapper" / "values.yaml").read_text())
    (parent / "templates").mkdir()

    found = objects(render(chart=parent, with_helm=with_helm))
    without = render((), "eldercare.enabled=false", chart=parent, with_helm=with_helm)

    images = {container["image"] for _, pod in pods(found) for container in containers(pod)}
    assert images == {"registry.of-the-parent.test/eldercare:0.1.0"}
    assert len([each for each in found if each["kind"] == "Deployment"]) == 7
    assert not objects(without)


def computed(scenario: str, below: Any = None) -> Any:
    """The values of a release as Helm keeps them: the chart's own, these or `below`, with the
    user's over them.
    """

    def over(below: Any, above: Any) -> Any:
        if isinstance(below, dict) and isinstance(above, dict):
            return {
                key: over(below.get(key), above[key]) if key in above else below[key]
                for key in {**below, **above}
            }
        return copy.deepcopy(above)

    return over(below or defaults(), yaml.safe_load(SCENARIOS[scenario].read_text()))


@pytest.mark.parametrize("scenario", ["minimal", "ha", "keda"])
def test_the_values_that_the_last_release_computed_render_as_before(
    scenario: str, tmp_path: Path
) -> None:
    """As with `helm upgrade --reuse-values`: they stand in place of this chart's defaults."""
    chart = copied(
        tmp_path / "eldercare",
        computed(scenario, yaml.safe_load(written.released_defaults().read_text())),
    )

    assert objects(render(chart=chart)) == objects_of(scenario)


@pytest.mark.parametrize(
    "path", sorted((CHART.parent / "tests" / "previous").glob("*.yaml")), ids=lambda path: path.stem
)
def test_the_defaults_of_every_earlier_release_still_render(path: Path, tmp_path: Path) -> None:
    """With `--reuse-values` a new chart meets the old one's defaults; keys that it adds are not
    there.
    """
    chart = copied(tmp_path / "eldercare", yaml.safe_load(path.read_text()))

    assert objects(render(MINIMAL, chart=chart))


def paths(values: Any, above: tuple[str, ...] = ()) -> list[tuple[str, tuple[str, ...], Any]]:
    """(dotted, steps, value) of every key."""
    found = []
    for key, value in values.items():
        found.append((".".join((*above, key)), (*above, key), value))
        if isinstance(value, dict):
            found += paths(value, (*above, key))
    return found


DEMANDED = {("seccompProfile", "type")}  # by Kubernetes, in whatever values have the map above


def lacks() -> list[tuple[str, list[tuple[str, ...]]]]:
    """What older values may lack: each map as a whole, and all that is in one map beside further
    maps.
    """
    found = []
    for dotted, steps, value in [("everything", (), defaults()), *paths(defaults())]:
        if isinstance(value, dict) and value:
            found += [(dotted, [steps])] if steps else []
            found.append(
                (
                    f"{dotted}.*",
                    [
                        (*steps, key)
                        for key, each in value.items()
                        if not isinstance(each, dict) and (*steps[-1:], key) not in DEMANDED
                    ],
                )
            )
    return [(name, missing) for name, missing in found if missing]


@pytest.mark.parametrize(("name", "missing"), lacks(), ids=[name for name, _ in lacks()])
def test_a_key_that_older_values_lack_never_breaks_a_template(
    name: str, missing: list[tuple[str, ...]], tmp_path: Path
) -> None:
    """The chart renders without it, or says in its own words what to do."""
    values = computed("ha")
    for steps in missing:
        at = values
        for step in steps[:-1]:
            at = at[step]
        del at[steps[-1]]

    refused = ""
    try:
        rendered = objects(render(chart=copied(tmp_path / "eldercare", values)))
    except Refused as refusal:
        rendered, refused = [], str(refusal)

    assert rendered or "cannot be installed with these values:" in refused, (name, refused)


def test_the_package_holds_what_an_operator_needs_and_no_more(tmp_path: Path) -> None:
    helm("helm4", "package", str(CHART), "-d", str(tmp_path))
    (package,) = tmp_path.glob("*.tgz")

    shown = helm("helm4", "show", "all", str(package))
    rendered = objects(render(MINIMAL, chart=package))

    assert "| `database.existingSecret` |" in shown
    assert rendered == objects_of("minimal")
    assert package.stat().st_size < 1 << 20
