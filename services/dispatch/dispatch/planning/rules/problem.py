"""A county's day as plain data: what is to be planned, by whom, under which limits. Times are whole
seconds after local midnight.
"""

from collections import defaultdict
from collections.abc import Sequence
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
    """A shift that touches the day: its worker sets out from the depot not before from_s and is
    back there by to_s. Who works at night has two: last night's, which began before midnight, and
    this night's, which ends after it.
    """

    worker_id: str
    organisation_id: str
    depot: GeoPoint
    skills: frozenset[int]
    from_s: int
    to_s: int

    def away_s(self, second: int) -> int:
        """Seconds from a second of the day to this shift; 0 inside."""
        return max(self.from_s - second, second - self.to_s, 0)


def shift_of(stop: Stop, shifts: Sequence[Worker]) -> Worker:
    """The shift that a stop belongs to: the one it begins in, or is nearest to.

    shifts: of the stop's worker, at least one.
    """
    return min(shifts, key=lambda worker: worker.away_s(stop.begin_s))


@dataclass(frozen=True, slots=True)
class Problem:
    """Everything a plan depends on.

    most: visits a worker does at most in a shift. now_s: nothing new begins before it; negative for
    a later day.
    """

    visits: tuple[Visit, ...]
    workers: tuple[Worker, ...]
    riding: Riding
    most: int
    now_s: int = 0

    def shifts(self) -> dict[str, list[Worker]]:
        """The shifts of each worker, by id."""
        found: dict[str, list[Worker]] = defaultdict(list)
        for worker in self.workers:
            found[worker.worker_id].append(worker)
        return found


@dataclass(frozen=True, slots=True)
class Plan:
    """An answer to a problem: the stops, the pinned ones included, and the visits nobody can do."""

    stops: tuple[Stop, ...]
    unserved: tuple[str, ...] = ()
