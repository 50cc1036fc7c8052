"""Questions to rendered objects."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import cast

from cluster.kubelet.gate import needs
from cluster.objects import Object, Pod, PodTemplate


def hook(thing: Object) -> str:
    """The hooks of an object, comma separated; empty for what belongs to the release itself."""
    return str(thing["metadata"].get("annotations", {}).get("helm.sh/hook", ""))


def pod_template(thing: Object) -> PodTemplate | None:
    """The pod of an object that makes pods (metadata and spec), else None."""
    match thing["kind"]:
        case "Pod":
            return cast(Pod, thing)
        case "CronJob":
            return thing["spec"]["jobTemplate"]["spec"]["template"]
        case "Deployment" | "StatefulSet" | "DaemonSet" | "Job":
            return thing["spec"]["template"]
    return None


def pods(things: Iterable[Object]) -> Iterator[tuple[Object, PodTemplate]]:
    """(object, its pod template)."""
    for thing in things:
        template = pod_template(thing)
        if template is not None:
            yield thing, template


def users_own(things: list[Object]) -> list[Object]:
    """What a user must have made before: Secrets, ConfigMaps, accounts and priority classes that
    the pods name and it does not bring.
    """
    brought = {(thing["kind"], thing["metadata"]["name"]) for thing in things}
    keys: dict[tuple[str, str], set[str]] = {}
    for _, template in pods(things):
        spec = template["spec"]
        for kind, name, key in needs(spec):
            keys.setdefault((kind, name), set()).update([key] if key else [])
        for pulled in spec.get("imagePullSecrets", []):
            keys.setdefault(("Secret", pulled["name"]), set())
        if "priorityClassName" in spec:
            keys.setdefault(("PriorityClass", spec["priorityClassName"]), set())
        account = spec.get("serviceAccountName", "default")
        if account != "default":
            keys.setdefault(("ServiceAccount", account), set())
    made: list[Object] = []
    for (kind, name), found in sorted(keys.items()):
        if (kind, name) in brought:
            continue
        thing: Object = {"apiVersion": "v1", "kind": kind, "metadata": {"name": name}}
        if kind == "PriorityClass":
            thing["apiVersion"] = "scheduling.k8s.io/v1"
            thing["value"] = 1000
        elif kind == "Secret":
            thing["stringData"] = dict.fromkeys(sorted(found), "of no use here")
        elif kind == "ConfigMap":
            thing["data"] = dict.fromkeys(sorted(found), "of no use here")
        made.append(thing)
    return made
