"""A namespace as a strict platform team hands it out."""

from __future__ import annotations

import secrets

from cluster.api import Api, eventually
from cluster.kubelet.gate import SCHEMA
from cluster.objects import Object

RESTRICTED = {
    f"pod-security.kubernetes.io/{mode}": "restricted" for mode in ("enforce", "warn", "audit")
}


class Namespace:
    """Exists from construction to `remove`."""

    def __init__(self, api: Api, name: str):
        self.api = api
        self.name = f"{name}-{secrets.token_hex(3)}"
        api.create(
            {
                "apiVersion": "v1",
                "kind": "Namespace",
                "metadata": {"name": self.name, "labels": RESTRICTED},
            }
        )
        # Pods are refused until the controllers have brought these.
        eventually(
            lambda: (
                api.list("v1", "ServiceAccount", self.name)
                and api.list("v1", "ConfigMap", self.name)
            ),
            "a furnished namespace",
        )

    def contents(self) -> set[tuple[str, str]]:
        return set(self.api.everything(self.name))

    def furnish(self, things: list[Object]) -> None:
        """What a user makes by hand."""
        for thing in things:
            self.api.apply(thing, self.name)

    def migrated_by_hand(self) -> None:
        self.api.merge(
            self.api.path("v1", "Namespace", None, self.name),
            {"metadata": {"annotations": {SCHEMA: "head"}}},
        )

    def deployments(self) -> list[Object]:
        return self.api.list("apps/v1", "Deployment", self.name)

    def ready_pods(self) -> dict[str, str]:
        """Uid by name of the pods that would get traffic now."""
        return {
            pod["metadata"]["name"]: pod["metadata"]["uid"]
            for pod in self.api.list("v1", "Pod", self.name)
            if "deletionTimestamp" not in pod["metadata"]
            and any(
                condition["type"] == "Ready" and condition["status"] == "True"
                for condition in pod.get("status", {}).get("conditions", [])
            )
        }

    def remove(self) -> None:
        self.api.delete("v1", "Namespace", None, self.name)
