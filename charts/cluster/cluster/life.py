"""A release from its installation to its end, every step checked and timed."""

from __future__ import annotations

from pathlib import Path

from cluster.chart import values
from cluster.helm import Helm, Run
from cluster.namespaces import Namespace
from cluster.rendered import hook, pods, users_own

SELECTED_BY = {
    "app.kubernetes.io/name",
    "app.kubernetes.io/instance",
    "app.kubernetes.io/component",
}


class Life:
    """One release of one scenario in one namespace."""

    def __init__(
        self,
        scenario: str,
        chart: Path,
        namespace: Namespace,
        tool: str,
        folder: Path,
        kubeconfig: Path,
    ):
        self.scenario = scenario
        self.namespace = namespace
        self.tool = tool
        self.helm = Helm(tool, kubeconfig, namespace.name, folder)
        self.values = values(scenario)
        self.objects = self.helm.render(chart, *self.values)
        namespace.furnish(users_own(self.objects))
        self.before = namespace.contents()
        self.took: list[tuple[str, float]] = []

    def timed(self, step: str, run: Run) -> Run:
        self.took.append((step, run.seconds))
        return run

    def line(self) -> str:
        steps = "  ".join(f"{step} {seconds:4.1f}" for step, seconds in self.took)
        made = sum(1 for thing in self.objects if not hook(thing))
        return (
            f"{self.scenario:16} {self.tool}  {made:3} objects  {steps}  total "
            f"{sum(seconds for _, seconds in self.took):5.1f} s"
        )

    def serves(self, chart_version: str) -> bool:
        """Every Deployment is at its newest, its pods are ready, its label names its chart. Raises
        AssertionError, never False.

        Helm 3 stops waiting while old pods are still leaving.
        """
        found = self.namespace.deployments()
        assert found, "the release has no Deployment"
        for deployment in found:
            name = deployment["metadata"]["name"]
            wanted = deployment["spec"]["replicas"]
            status = deployment["status"]
            counts = {
                status.get(key, 0)
                for key in ("replicas", "updatedReplicas", "readyReplicas", "availableReplicas")
            }
            assert counts == {wanted}, f"{name}: {wanted} wanted, {status}"
            assert deployment["metadata"]["labels"]["helm.sh/chart"].endswith(chart_version), name
            assert set(deployment["spec"]["selector"]["matchLabels"]) == SELECTED_BY, name
        return True

    def check_hardened(self) -> None:
        """No pod names a user or a group: OpenShift picks them, the image brings one."""
        for thing, template in pods(self.objects):
            spec = template["spec"]
            contexts = [
                part.get("securityContext", {})
                for part in (spec, *spec.get("initContainers", []), *spec["containers"])
            ]
            named = {key for context in contexts for key in context} & {
                "runAsUser",
                "runAsGroup",
                "fsGroup",
                "supplementalGroups",
            }
            assert not named, f"{thing['kind']} {thing['metadata']['name']} sets {named}"

    def autoscaled(self) -> list[str]:
        """Deployments whose number of pods the chart leaves to somebody else."""
        return [
            thing["metadata"]["name"]
            for thing in self.objects
            if thing["kind"] == "Deployment" and "replicas" not in thing["spec"]
        ]

    def scale(self, deployment: str, replicas: int) -> None:
        """As an autoscaler does it."""
        path = self.namespace.api.path("apps/v1", "Deployment", self.namespace.name, deployment)
        self.namespace.api.merge(
            f"{path}/scale?fieldManager=autoscaler", {"spec": {"replicas": replicas}}
        )

    def replicas(self, deployment: str) -> int:
        found = self.namespace.api.get("apps/v1", "Deployment", self.namespace.name, deployment)
        return found["spec"]["replicas"]

    def gone(self) -> bool:
        """Nothing is in the namespace but what its user made, and nothing outside is the release's.
        Raises AssertionError, never False.
        """
        left = self.namespace.contents() - self.before
        assert not left, f"left behind: {sorted(left)}"
        assert self.before <= self.namespace.contents(), (
            "the release took something of the user's with it"
        )
        return True
