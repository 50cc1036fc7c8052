"""What other terminals may know of a running city, and the check that follows from it."""

from typing import TypedDict

from city.operations.status import difference, status_of


class ChildFacts(TypedDict):
    """One process. endpoint: gRPC of a service, HTTP of a gateway, the port of a server.
    management: of a service alone.
    """

    pid: int | None
    phase: str
    reason: str
    restarts: int
    cpu_s: float
    cpu_share: float
    rss_mb: float
    endpoint: str | None
    management: str | None


class CityFacts(TypedDict):
    """The whole city, without secrets. since: when the supervisor was started, s since 1970."""

    pid: int
    since: float
    folder: str
    gateway: str
    kafka: str | None
    kafka_kind: str
    postgres: str
    children: dict[str, ChildFacts]
    ready: bool


def unbalanced(facts: CityFacts) -> list[str]:
    """One line for each partition whose records are not all accounted for, and for each service
    that does not answer.
    """
    lines = []
    for name, child in facts["children"].items():
        if not child["management"]:
            continue
        status = status_of(child["management"])
        if status is None or "positions" not in status:
            reason = status.get("reason") if status else None
            lines.append(f"{name} does not tell its positions: {reason or 'no answer'}")
            continue
        wrong = map(difference, status["positions"])
        lines += [f"{name}: {line}" for line in wrong if line]
    return lines
