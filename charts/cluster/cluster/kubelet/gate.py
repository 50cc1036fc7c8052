"""What kwok cannot know of a pod: whether its secrets exist, and whether what its `wait` container
waits for has come.

A kubelet does not start a container whose Secret or ConfigMap is absent; kwok would. So kwok starts
only pods marked here.
"""

from __future__ import annotations

import contextlib
import http.client
import json
import threading
from collections.abc import Iterator

from cluster.api import Api, Refused
from cluster.objects import Container, Pod, PodSpec, Source, Volume

PAUSE_S = 0.2
STARTED = "cluster.test/started"
INITIALIZED = "cluster.test/initialized"
SCHEMA = "cluster.test/schema"  # on a namespace: `head` when its user has migrated by hand

Present = dict[tuple[str, str], set[str]]  # keys by (kind, name)


def needs(pod_spec: PodSpec) -> Iterator[tuple[str, str, str | None]]:
    """(kind, name, key or None) of every Secret and ConfigMap without which no kubelet starts the
    pod's containers.
    """
    for container in [*pod_spec.get("initContainers", []), *pod_spec["containers"]]:
        for given in container.get("env", []):
            for field, kind in (("secretKeyRef", "Secret"), ("configMapKeyRef", "ConfigMap")):
                source = given.get("valueFrom", {}).get(field)
                if source and not source.get("optional"):
                    yield kind, source["name"], source["key"]
        for refs in container.get("envFrom", []):
            for field, kind in (("secretRef", "Secret"), ("configMapRef", "ConfigMap")):
                if field in refs and not refs[field].get("optional"):
                    yield kind, refs[field]["name"], None
    for volume in pod_spec.get("volumes", []):
        for kind, source in _sources(volume):
            if not source.get("optional"):
                name = source.get("secretName") or source["name"]
                keys: list[str | None] = [item["key"] for item in source.get("items", [])]
                yield from ((kind, name, key) for key in keys or [None])


def _sources(volume: Volume) -> Iterator[tuple[str, Source]]:
    """(kind, source) of each Secret and ConfigMap that a volume shows, also of a projected one."""
    if "secret" in volume:
        yield "Secret", volume["secret"]
    if "configMap" in volume:
        yield "ConfigMap", volume["configMap"]
    if "projected" in volume:
        for inner in volume["projected"]["sources"]:
            yield from _sources(inner)


def with_verb(containers: list[Container], verb: str) -> list[Container]:
    """Containers whose command has that word."""
    return [
        container
        for container in containers
        if verb in [*container.get("command", []), *container.get("args", [])]
    ]


def first_missing(pod_spec: PodSpec, present: Present) -> str:
    """The first thing that is not there, as a kubelet says it; empty when all are."""
    for kind, name, key in needs(pod_spec):
        if (kind, name) not in present:
            return f'{kind.lower()} "{name}" not found'
        if key and key not in present[kind, name]:
            return f"couldn't find key {key} in {kind} {name}"
    return ""


class Gate:
    """A thread that looks at pending pods and marks those that may go on."""

    def __init__(self, api: Api):
        self._api = api
        self._ending = threading.Event()
        self._thread = threading.Thread(target=self._run, name="gate", daemon=True)
        self._thread.start()

    def end(self) -> None:
        self._ending.set()
        self._thread.join()

    def _run(self) -> None:
        while not self._ending.wait(PAUSE_S):
            # A pod may vanish between two calls, and the server may be ending: the next round sees
            # what is.
            with contextlib.suppress(Refused, OSError, http.client.HTTPException):
                self._round()
        self._api.close()

    def _round(self) -> None:
        there: dict[str, Present] = {}
        pending = self._api.call("GET", "/api/v1/pods?fieldSelector=status.phase%3DPending")
        pods: list[Pod] = json.loads(pending)["items"]
        for pod in pods:
            namespace = pod["metadata"]["namespace"]
            marks = pod["metadata"].get("annotations", {})
            if not pod["spec"].get("nodeName") or "deletionTimestamp" in pod["metadata"]:
                continue
            if STARTED not in marks:
                if namespace not in there:
                    there[namespace] = self._present(namespace)
                missing = first_missing(pod["spec"], there[namespace])
                if missing:
                    self._report(pod, missing)
                else:
                    self._mark(pod, STARTED)
                continue
            waits = pod["spec"].get("initContainers") and INITIALIZED not in marks
            if waits and self._may_go(pod):
                self._mark(pod, INITIALIZED)

    def _present(self, namespace: str) -> Present:
        found = [
            thing
            for kind in ("Secret", "ConfigMap")
            for thing in self._api.list("v1", kind, namespace)
        ]
        return {
            (thing["kind"], thing["metadata"]["name"]): {
                *thing.get("data", {}),
                *thing.get("binaryData", {}),
            }
            for thing in found
        }

    def _may_go(self, pod: Pod) -> bool:
        """A schema is at the head that an image knows when a Job of the same image has migrated, or
        when its user says so.
        """
        images = {
            container["image"]
            for container in with_verb(pod["spec"].get("initContainers", []), "wait")
        }
        if not images:
            return True
        namespace = pod["metadata"]["namespace"]
        metadata = self._api.get("v1", "Namespace", None, namespace)["metadata"]
        if metadata.get("annotations", {}).get(SCHEMA) == "head":
            return True
        done = [
            job["spec"]["template"]
            for job in self._api.list("batch/v1", "Job", namespace)
            if job.get("status", {}).get("succeeded")
        ]
        migrated = [
            container
            for template in done
            for container in with_verb(template["spec"]["containers"], "migrate")
        ]
        return images <= {container["image"] for container in migrated}

    def _mark(self, pod: Pod, mark: str) -> None:
        self._api.merge(self._path(pod), {"metadata": {"annotations": {mark: "true"}}})

    def _report(self, pod: Pod, missing: str) -> None:
        if pod.get("status", {}).get("message") != missing:
            self._api.merge(
                self._path(pod) + "/status",
                {"status": {"reason": "CreateContainerConfigError", "message": missing}},
            )

    def _path(self, pod: Pod) -> str:
        return self._api.path("v1", "Pod", pod["metadata"]["namespace"], pod["metadata"]["name"])
