"""An alert as it is declared, and as Prometheus reads it."""

from collections.abc import Mapping
from dataclasses import dataclass

from observability.slos import BY

RUNBOOKS = "docs/runbooks"

Rule = Mapping[str, str | dict[str, str]]  # as Prometheus reads it
Group = Mapping[str, str | list[Rule]]  # name, interval and rules


@dataclass(frozen=True)
class Alert:
    """expr: PromQL; patience: how long it must be true; labels: what the result bears not by
    itself.
    """

    name: str
    expr: str
    patience: str
    severity: str
    summary: str
    description: str
    labels: tuple[tuple[str, str], ...] = ()

    def rule(self) -> Rule:
        """As Prometheus reads it."""
        return {
            "alert": self.name,
            "expr": self.expr,
            "for": self.patience,
            "labels": {"severity": self.severity, **dict(self.labels)},
            "annotations": {
                "summary": self.summary,
                "description": self.description,
                "runbook_url": f"{RUNBOOKS}/{self.name}.md",
            },
        }


def greatest(metric: str, *more: str) -> str:
    """The one value that all replicas tell, since they read it from the same database."""
    return f"max by ({', '.join((BY, *more))}) ({metric})"
