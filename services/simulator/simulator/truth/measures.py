"""The form of a figure's truth: a function of the city at a month's end, or of one fact."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import NamedTuple, TypeVar

from kit.contracts.areas import Areas
from simulator.world.city import World


class Count(NamedTuple):
    """What a fact adds to a figure, in the area of its own."""

    month: str
    area_code: str
    numerator: int
    denominator: int = 0


class Fact:
    """Something that happened and that figures or accounts follow from; subclasses are frozen."""

    __slots__ = ()


@dataclass(frozen=True, slots=True)
class MonthEnd:
    """The city as it is when a month ends."""

    month: str
    world: World
    tree: Areas

    def count(self, area_code: str, numerator: int, denominator: int = 0) -> Count:
        """What something in an area adds."""
        return Count(self.month, area_code, numerator, denominator)


Counts = Iterator[Count]
Stock = Callable[[MonthEnd], Counts]
Flow = Callable[[Fact], Counts]
STOCKS: dict[str, Stock] = {}
FLOWS: dict[str, Flow] = {}


def stock(code: str) -> Callable[[Stock], Stock]:
    """Enters the truth of a figure of what is the case at a month's end."""
    return lambda figure: _entered(STOCKS, code, figure)


def flow(code: str) -> Callable[[Flow], Flow]:
    """Enters the truth of a figure of what happens in a month."""
    return lambda figure: _entered(FLOWS, code, figure)


F = TypeVar("F", Stock, Flow)


def _entered(figures: dict[str, F], code: str, figure: F) -> F:
    if code in STOCKS or code in FLOWS:
        raise ValueError(f"{code} has a truth already")
    figures[code] = figure
    return figure
