"""The month that is counted, what is counted in it, and the table of what counts which event."""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import UTC, date, datetime, timedelta
from functools import partial
from typing import Generic, Protocol, TypeVar, cast

from google.protobuf.message import Message
from google.protobuf.timestamp_pb2 import Timestamp

from datacenter.limits import Limits
from kit.contracts import areas
from kit.contracts.clock import day_start

Measures = dict[str, Counter[str]]  # measure → area → amount
Handled = Callable[[Message, datetime, int], None]  # an event, its business time and version

P = TypeVar("P")
M = TypeVar("M", bound=Message)
T = TypeVar("T")
# a method: its part, the event, its business time and version
Handler = Callable[[P, M, datetime, int], None]


class Month:
    """One month and what is counted in it. month: `YYYY-MM`. today: on which it is counted."""

    def __init__(self, month: str, limits: Limits, today: date) -> None:
        self.month, self.limits, self._today = month, limits, today
        first = datetime.strptime(month, "%Y-%m").date()  # noqa: DTZ007 – a month has no zone
        until = (first.replace(day=28) + timedelta(days=4)).replace(day=1)
        self.begin, self.end = day_start(first), day_start(until)
        self.last_day = str(until - timedelta(days=1))
        self._counts: Measures = {}

    def declare(self, measures: Iterable[str]) -> None:
        """Declares measures; each is nothing until something is added."""
        self._counts |= {measure: Counter() for measure in measures}

    def holds(self, stamp: Timestamp) -> bool:
        """Whether an instant of a message lies in the month."""
        return self.begin <= stamp.ToDatetime(UTC) < self.end

    def has_begun(self, stamp: Timestamp) -> bool:
        """Whether an instant of a message lies before the end of the month."""
        return stamp.ToDatetime(UTC) < self.end

    def reaches(self, day: str) -> bool:
        """Whether a day `YYYY-MM-DD` is the last of the month or lies before it."""
        return day <= self.last_day

    def is_over(self, day: str) -> bool:
        """Whether a day `YYYY-MM-DD` has passed on the day of counting; also where it is empty."""
        return day < str(self._today)

    def is_day_over(self, seconds: int) -> bool:
        """Whether the day of an instant, seconds since 1970, has passed on the day of counting."""
        return seconds < day_start(self._today).timestamp()

    def add(self, area: str, member: str = "", /, **amounts: int) -> None:
        """Adds to measures, by their names, in the area of the fact.

        member: of the dimension by which each of them is split, `FEMALE`; empty where there is
        none. Raises: KeyError for a measure that no part names.
        """
        for measure, amount in amounts.items():
            self._counts[measure][area] += amount
            if member:
                self._counts[f"{measure}_{member}"][area] += amount

    def measures(self) -> Measures:
        """What was added, for every area from the city down, also where it is zero."""
        return {measure: rolled_up(counts) for measure, counts in self._counts.items()}


def rolled_up(counts: Mapping[str, int]) -> Counter[str]:
    """The same amounts for every area from the city down to the fact's own."""
    total: Counter[str] = Counter()
    for area, amount in counts.items():
        for rank in range(areas.CITY, areas.level(area) + 1):
            total[areas.at(area, rank)] += amount
    return total


def split(measures: Iterable[str], members: Iterable[str]) -> Iterator[str]:
    """Names of measures and of their parts by the members of a dimension.

    >>> list(split(["ALIVE", "BASIC"], ["FEMALE"]))
    ['ALIVE', 'ALIVE_FEMALE', 'BASIC', 'BASIC_FEMALE']
    """
    parts = ("", *(f"_{member}" for member in members))
    return (f"{measure}{part}" for measure in measures for part in parts)


class Newest(Generic[T]):
    """The newest state of each thing at the end of a month, by its id."""

    def __init__(self, month: Month) -> None:
        self._month = month
        self._known: dict[str, tuple[tuple[object, ...], T]] = {}

    def take(
        self, key: str, rank: tuple[object, ...], since: datetime | Timestamp | str, state: T
    ) -> None:
        """Keeps what an event says of a thing, unless it is of a time after the month or something
        of a higher rank is known. since: from when it is so, an instant or a day `YYYY-MM-DD`.
        """
        if isinstance(since, str):
            is_so = self._month.reaches(since)
        elif isinstance(since, Timestamp):
            is_so = self._month.has_begun(since)
        else:
            is_so = since < self._month.end
        if is_so and (key not in self._known or self._known[key][0] < rank):
            self._known[key] = (rank, state)

    def get(self, key: str) -> T | None:
        """The state of one thing; None where nothing is known of it."""
        found = self._known.get(key)
        return found[1] if found else None

    def items(self) -> Iterator[tuple[str, T]]:
        """Every thing and its state."""
        return ((key, state) for key, (_, state) in self._known.items())

    def states(self) -> Iterator[T]:
        """The states of all things."""
        return (state for _, state in self._known.values())


class Part(Protocol):
    """A part of the recount: its handlers take events into account, in any order; at the end it
    counts what they kept.
    """

    def count(self) -> None:
        """Adds to the measures what is known when every event was taken."""
        ...


class Handlers(Generic[P]):
    """The measures that one part counts, and its handlers by the full name of the event.
    `@counts(Event, …)` puts one in.
    """

    def __init__(self, *measures: str) -> None:
        self.measures = measures
        self._by_name: dict[str, Handler[P, Message]] = {}

    def __call__(self, *kinds: type[Message]) -> Callable[[Handler[P, M]], Handler[P, M]]:
        def register(handler: Handler[P, M]) -> Handler[P, M]:
            takes = cast(Handler[P, Message], handler)  # given no event but these
            self._by_name.update({kind.DESCRIPTOR.full_name: takes for kind in kinds})
            return handler

        return register

    def of(self, part: P) -> Iterable[tuple[str, Handled]]:
        """The methods of one part, by the full name of the event."""
        return ((name, partial(handler, part)) for name, handler in self._by_name.items())
