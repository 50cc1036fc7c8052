"""The month that is counted, what is counted in it, and the table of what counts which event."""

from collections import Counter
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any, Protocol

from google.protobuf.message import Message

from datacenter.limits import Limits
from kit.contracts import areas
from kit.contracts.clock import day_start

Figures = dict[tuple[str, str], tuple[int, int]]  # code, area → numerator, denominator
Handler = Callable[
    [Any, Any, datetime, int], None
]  # a method: its part, the event, its business time and version


class Month:
    """One month and its figures. month: `YYYY-MM`."""

    def __init__(self, month: str, limits: Limits) -> None:
        self.month, self.limits = month, limits
        first = datetime.strptime(month, "%Y-%m").date()  # noqa: DTZ007 – a month has no zone
        until = (first.replace(day=28) + timedelta(days=4)).replace(day=1)
        self.begin, self.end = day_start(first), day_start(until)
        self.last_day = str(until - timedelta(days=1))
        self._counts: Counter[tuple[str, str, int]] = (
            Counter()
        )  # code, area, 0 numerator or 1 denominator

    def holds(self, stamp: Any) -> bool:
        """Whether an instant of a message lies in the month."""
        return bool(self.begin <= stamp.ToDatetime(UTC) < self.end)

    def newest(
        self, known: dict[str, tuple[Any, ...]], key: str, rank: Any, time: datetime, *state: Any
    ) -> None:
        """Keeps what an event says of a thing, unless it happened after the month or something of a
        higher rank is known.
        """
        if time < self.end and (key not in known or known[key][0] < rank):
            known[key] = (rank, *state)

    def add(self, code: str, area: str, numerator: int = 0, denominator: int = 0) -> None:
        """Adds to a figure, in the area of the fact."""
        self._counts[code, area, 0] += int(numerator)
        self._counts[code, area, 1] += int(denominator)

    def figures(self) -> Figures:
        """What was added, for every area from the city down, also where both parts are zero in the
        area itself.
        """
        total: Counter[tuple[str, str, int]] = Counter()
        for (code, area, part), amount in self._counts.items():
            for rank in range(areas.CITY, areas.level(area) + 1):
                total[code, areas.at(area, rank), part] += amount
        keys = {(code, area) for code, area, _ in total}
        return {key: (total[(*key, 0)], total[(*key, 1)]) for key in keys}


class Part(Protocol):
    """A part of the recount: its handlers take events into account, in any order; at the end it
    counts what they kept.
    """

    def count(self) -> None:
        """Adds to the figures what is known when every event was taken."""
        ...


class Handlers:
    """The handlers of one part by the full name of the event. `@counts(Event, …)` puts a method in."""

    def __init__(self) -> None:
        self.by_name: dict[str, Handler] = {}

    def __call__(self, *kinds: type[Message]) -> Callable[[Handler], Handler]:
        def register(handler: Handler) -> Handler:
            self.by_name.update({kind.DESCRIPTOR.full_name: handler for kind in kinds})
            return handler

        return register
