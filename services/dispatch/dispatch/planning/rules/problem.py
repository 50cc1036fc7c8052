"""A county's day as plain data: what is to be planned, by whom, under which limits. Times are whole
seconds after local midnight.
"""

from dataclasses import dataclass

from dispatch.orders.rules import GeoPoint
from dispatch.planning.rules.travel import Riding


@dataclass(frozen=True, slots=True)
class Stop:
    """A visit in somebody's day: who begins it when."""

    visit_id: str
    worker_id: str
    begin_s: int


@dataclass(frozen=True, slots=True)
class Visit:
    """A visit of the day.

    from_s, to_s: it begins in this window. excluded: workers who are not asked (again). pinned:
    fixed to a worker and an instant.
    """

    visit_id: str
    home: GeoPoint | None
    help: int
    from_s: int
    to_s: int
    service_s: int
    excluded: frozenset[str] = frozenset()
    pinned: Stop | None = None


@dataclass(frozen=True, slots=True)
class Worker:
    """A worker's day: sets out from the depot not before from_s and is back there by to_s."""

    worker_id: str
    organisation_id: str
    depot: GeoPoint
    skills: frozenset[int]
    from_s: int
    to_s: int


@dataclass(frozen=True, slots=True)
class Problem:
    """Everything a plan depends on.

    most: visits a worker does at most in a day. now_s: nothing new begins before it; 0 for a later
    day.
    """

    visits: tuple[Visit, ...]
    workers: tuple[Worker, ...]
    riding: Riding
    most: int
    now_s: int = 0


@dataclass(frozen=True, slots=True)
class Plan:
    """An answer to a problem: the stops, the pinned ones included, and the visits nobody can do."""

    stops: tuple[Stop, ...]
    unserved: tuple[str, ...] = ()
