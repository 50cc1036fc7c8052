"""The cluster refuses, warns and waits where a real one would: a test that passes on it says
something.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml
from cluster.api import Api, Refused, eventually
from cluster.helm import Helm, HelmFailed
from cluster.namespaces import Namespace

Object = dict[str, Any]
HARDENED: Object = {
    "allowPrivilegeEscalation": False,
    "capabilities": {"drop": ["ALL"]},
    "runAsNonRoot": True,
    "seccompProfile": {"type": "RuntimeDefault"},
}


def container(tag: str = "1", **more: Any) -> Object:
    return {"name": "main", "image": f"example/app:{tag}", "securityContext": HARDENED, **more}


def pod(name: str, spec: Object, **notes: str) -> Object:
    return {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": name, "annotations": notes},
        "spec": spec,
    }


def deployment(name: str, **more: Any) -> Object:
    labels = {"app": name}
    template = {"metadata": {"labels": labels}, "spec": {"containers": [container(**more)]}}
    spec = {"replicas": 2, "selector": {"matchLabels": labels}, "template": template}
    return {"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": name}, "spec": spec}


def job(name: str, tag: str = "1", **more: Any) -> Object:
    template = {"spec": {"restartPolicy": "Never", "containers": [container(tag, **more)]}}
    return {
        "apiVersion": "batch/v1",
        "kind": "Job",
        "metadata": {"name": name},
        "spec": {"backoffLimit": 0, "template": template},
    }


def phase(api: Api, namespace: Namespace, name: str) -> str:
    return str(api.get("v1", "Pod", namespace.name, name).get("status", {}).get("phase"))


def message(api: Api, namespace: Namespace, name: str) -> str:
    return str(api.get("v1", "Pod", namespace.name, name).get("status", {}).get("message", ""))


def conditions(api: Api, namespace: Namespace, name: str) -> set[str]:
    status = api.get("batch/v1", "Job", namespace.name, name).get("status", {})
    found = status.get("conditions", [])
    return {condition["type"] for condition in found if condition["status"] == "True"}


def chart(folder: Path, *objects: Object) -> Path:
    """A chart of these objects as they stand."""
    (folder / "templates").mkdir()
    (folder / "Chart.yaml").write_text("{apiVersion: v2, name: trial, version: 1.0.0}")
    (folder / "templates" / "all.yaml").write_text(yaml.safe_dump_all(objects))
    return folder


def test_a_deployment_becomes_ready(api: Api, namespace: Namespace) -> None:
    api.apply(deployment("app"), namespace.name)

    eventually(lambda: len(namespace.ready_pods()) == 2, "two ready pods")


def test_a_pod_beyond_the_restricted_standard_is_refused(api: Api, namespace: Namespace) -> None:
    with pytest.raises(Refused, match="violates PodSecurity"):
        api.apply(
            pod("root", {"containers": [{"name": "main", "image": "example/app:1"}]}),
            namespace.name,
        )


def test_a_template_beyond_the_restricted_standard_is_an_error_though_the_server_only_warns(
    namespace: Namespace, kubeconfig: Path, tmp_path: Path
) -> None:
    made = deployment("app", **{"securityContext": {}})

    with pytest.raises(HelmFailed, match="would violate PodSecurity"):
        Helm("helm4", kubeconfig, namespace.name, tmp_path).run(
            "install", "trial", str(chart(tmp_path, made))
        )


def test_a_misspelt_field_is_refused(api: Api, namespace: Namespace) -> None:
    made = deployment("app")
    made["spec"]["replcas"] = 3

    with pytest.raises(Refused, match="replcas"):
        api.apply(made, namespace.name, dry=True)


def test_a_selector_cannot_be_changed(api: Api, namespace: Namespace) -> None:
    api.apply(deployment("app"), namespace.name)
    changed = deployment("app")
    changed["spec"]["selector"]["matchLabels"]["version"] = changed["spec"]["template"]["metadata"][
        "labels"
    ]["version"] = "2"

    with pytest.raises(Refused, match="immutable"):
        api.apply(changed, namespace.name)


def test_a_pod_starts_when_its_secret_is_there(api: Api, namespace: Namespace) -> None:
    given = [{"name": "WORD", "valueFrom": {"secretKeyRef": {"name": "words", "key": "word"}}}]
    api.apply(pod("app", {"containers": [container(env=given)]}), namespace.name)
    eventually(
        lambda: "not found" in message(api, namespace, "app"), "a pod that misses its secret"
    )

    secret = {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "words"}}
    api.apply({**secret, "stringData": {"other": "x"}}, namespace.name)
    eventually(lambda: "find key" in message(api, namespace, "app"), "a pod that misses its key")
    assert not namespace.ready_pods()
    api.apply({**secret, "stringData": {"word": "x"}}, namespace.name)

    eventually(namespace.ready_pods, "a ready pod")


def test_a_job_completes_and_one_that_is_fated_to_fail_fails(
    api: Api, namespace: Namespace
) -> None:
    api.apply(job("good"), namespace.name)
    api.apply(job("bad", "1-fails"), namespace.name)

    eventually(lambda: "Complete" in conditions(api, namespace, "good"), "the good job completes")
    eventually(lambda: "Failed" in conditions(api, namespace, "bad"), "the bad job fails")


def test_a_waiting_pod_goes_on_after_the_migration(api: Api, namespace: Namespace) -> None:
    waiting = {
        "containers": [container()],
        "initContainers": [{**container(args=["wait", "subsidy"]), "name": "wait"}],
    }
    api.apply(pod("app", waiting), namespace.name)
    eventually(
        lambda: "initContainerStatuses" in api.get("v1", "Pod", namespace.name, "app")["status"],
        "a pod that waits",
    )
    api.apply(job("migrate-1", "1-fails", args=["migrate"]), namespace.name)
    eventually(
        lambda: "Failed" in conditions(api, namespace, "migrate-1"), "the first migration fails"
    )
    assert phase(api, namespace, "app") == "Pending"
    api.call(
        "DELETE",
        api.path("batch/v1", "Job", namespace.name, "migrate-1") + "?propagationPolicy=Background",
    )
    api.apply(job("migrate-2", args=["migrate"]), namespace.name)

    eventually(namespace.ready_pods, "a ready pod")


def test_an_unready_pod_stays_unready_and_a_test_pod_completes(
    api: Api, namespace: Namespace
) -> None:
    api.apply(deployment("app", tag="1-unready"), namespace.name)
    api.apply(
        pod(
            "smoke",
            {"containers": [container()], "restartPolicy": "Never"},
            **{"helm.sh/hook": "test"},
        ),
        namespace.name,
    )

    eventually(lambda: phase(api, namespace, "smoke") == "Succeeded", "the test pod succeeds")
    eventually(
        lambda: (
            {p["status"]["phase"] for p in api.list("v1", "Pod", namespace.name, "app=app")}
            == {"Running"}
        ),
        "the others run",
    )
    assert not namespace.ready_pods()


def test_what_a_release_leaves_is_seen(
    api: Api, namespace: Namespace, kubeconfig: Path, tmp_path: Path
) -> None:
    before = namespace.contents()
    kept = {
        "apiVersion": "v1",
        "kind": "ConfigMap",
        "metadata": {"name": "kept", "annotations": {"helm.sh/resource-policy": "keep"}},
    }
    helm = Helm("helm4", kubeconfig, namespace.name, tmp_path, "trial")
    helm.install(chart(tmp_path, kept, deployment("app")))

    helm.uninstall()

    eventually(
        lambda: namespace.contents() - before == {("ConfigMap", "kept")},
        "all but what is kept is gone",
    )
