"""The form of a measure's truth: a function of the city at a month's end, or of one fact."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date
from typing import NamedTuple, TypeVar

from simulator.world.city import World
from simulator.world.days import next_month_begins
from simulator.world.facilities import Facility


class Count(NamedTuple):
    """What a fact adds to a measure, in the area of its own. member: of the dimension by which the
    measure is split, `FEMALE`; empty where there is none. after: the last day on which it can be
    done in time; it counts from the next day on.
    """

    month: str
    area_code: str
    amount: int = 1
    member: str = ""
    after: date | None = None


def done(month: str, area_code: str, due_on: date) -> Iterator[Count]:
    """What was to count after a day counts already."""
    yield Count(month, area_code)
    yield Count(month, area_code, -1, after=due_on)


class Fact:
    """Something that happened and that measures or accounts follow from; subclasses are frozen."""

    __slots__ = ()


@dataclass(frozen=True, slots=True)
class MonthEnd:
    """The city as it is when a month ends."""

    month: str
    world: World

    def count(self, area_code: str, amount: int = 1, member: str = "") -> Count:
        """What something in an area adds."""
        return Count(self.month, area_code, amount, member)

    def level(self, number: int) -> int | None:
        """The level of a person that still is in force when the month is over."""
        held = self.world.levels.get(number)
        is_over = held is None or held.valid_to < next_month_begins(self.month)
        return None if held is None or is_over else held.level

    def staying(self) -> Iterator[tuple[int, Facility]]:
        """Who stays where, by number; the bed of who died is free on the day after."""
        yield from self.world.stays.items()
        for number, (facility, free_on) in self.world.deathbeds.items():
            if free_on >= next_month_begins(self.month):
                yield number, facility


Counts = Iterator[Count]
Stock = Callable[[MonthEnd], Counts]
Flow = Callable[[Fact], Counts]
STOCKS: dict[str, Stock] = {}
FLOWS: dict[str, Flow] = {}
KNOWN: set[str] = set()  # names of measures and of their parts
F = TypeVar("F", Stock, Flow)


def stock(measure: str, *members: str) -> Callable[[Stock], Stock]:
    """Enters the truth of a measure of what is the case at a month's end. members: by which its
    counts are split.
    """
    return lambda counts: _entered(STOCKS, counts, measure, members)


def flow(measure: str, *members: str) -> Callable[[Flow], Flow]:
    """Enters the truth of a measure of what happens in a month. members: see `stock`."""
    return lambda counts: _entered(FLOWS, counts, measure, members)


def part(measure: str, member: str) -> str:
    """The name of the part of a measure that has one member of a dimension.

    >>> part("DEPENDENT", "FEMALE")
    'DEPENDENT_FEMALE'
    """
    return f"{measure}_{member}"


def _entered(truths: dict[str, F], counts: F, measure: str, members: tuple[str, ...]) -> F:
    if measure in KNOWN:
        raise ValueError(f"{measure} has a truth already")
    KNOWN.update((measure, *(part(measure, member) for member in members)))
    truths[measure] = counts
    return counts
