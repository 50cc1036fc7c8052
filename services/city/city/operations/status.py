"""What a service says of itself at `/status`, and whether every record of its topics is accounted
for.
"""

import http.client
import json
import urllib.error
import urllib.request
from typing import Final, Literal, TypedDict, cast

Disposition = Literal["applied", "repeated", "foreign", "waiting", "parked", "held", "gaps"]
DISPOSITIONS: Final[tuple[Disposition, ...]] = (
    "applied",
    "repeated",
    "foreign",
    "waiting",
    "parked",
    "held",
    "gaps",
)


class Position(TypedDict, total=False):
    """How far a group has read one partition, and what became of the records in between.

    begin: the first offset that it read. next: the offset behind the last one.
    """

    topic: str
    partition: int
    begin: int
    next: int
    applied: int
    repeated: int
    foreign: int
    waiting: int
    parked: int
    held: int
    gaps: int


class ServiceStatus(TypedDict, total=False):
    """The members of `/status` that the command reads; the numbers are absent while the database
    does not answer.
    """

    service: str
    pid: int
    live: bool
    ready: bool
    reason: str
    emitted: int
    lag: int
    outbox: int
    waiting: int
    parked: int
    due: int
    positions: list[Position]


def status_of(management: str, timeout: float = 2.0) -> ServiceStatus | None:
    """The status of the service with this management address; None while it does not answer.
    Blocks.
    """
    return get_json(f"{management}/status", timeout)


def get_json(url: str, timeout: float) -> ServiceStatus | None:
    """The JSON object at this address, whatever the HTTP status; None without one. Blocks."""
    try:
        with urllib.request.urlopen(url, timeout=timeout) as answer:
            return _object(answer.read())
    except urllib.error.HTTPError as refused:
        try:
            return _object(refused.read())
        except (OSError, ValueError):
            return None
    except (OSError, ValueError, http.client.HTTPException):
        return None  # the last: whoever answers there does not speak HTTP


def _object(body: bytes) -> ServiceStatus:
    return cast("ServiceStatus", dict(json.loads(body)))


def difference(position: Position) -> str:
    """What is wrong with one position; empty when next − begin = applied + repeated + foreign +
    waiting + parked + held + gaps.
    """
    counts = {name: int(position.get(name) or 0) for name in DISPOSITIONS}
    read = position["next"] - position["begin"]
    accounted = sum(counts.values())
    if read == accounted:
        return ""
    details = " ".join(f"{name}={count}" for name, count in counts.items() if count)
    return (
        f"{position['topic']}/{position['partition']}: {read} records taken, "
        f"{accounted} accounted for ({details})"
    )
