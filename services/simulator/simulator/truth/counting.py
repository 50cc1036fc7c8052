"""Counts facts as they happen, and keeps the stocks of each month's end."""

from collections import defaultdict
from collections.abc import Iterator
from importlib import import_module
from pkgutil import iter_modules

from kit.contracts import areas
from simulator import truth
from simulator.truth.figures import FLOWS, STOCKS, Fact, MonthEnd
from simulator.truth.ledger import Ledger
from simulator.world.city import World

LEVELS = (2, 3, 4, 5)
Pair = list[int]
Figures = dict[str, dict[str, Pair]]  # code → area → [numerator, denominator]


class Truth:
    """All figures, and where every fen stands."""

    def __init__(self, tree: areas.Areas) -> None:
        _find_figures()
        self.ledger = Ledger()
        self._tree = tree
        self._flows: defaultdict[str, Figures] = defaultdict(_no_figures)
        self._stocks: dict[str, Figures] = {}

    def record(self, fact: Fact) -> None:
        """Something happened: every figure and account takes what follows from it."""
        for code, figure in FLOWS.items():
            for count in figure(fact):
                self.count(code, *count)
        self.ledger.record(fact)

    def count(
        self, code: str, month: str, area: str, numerator: int = 0, denominator: int = 0
    ) -> None:
        """Adds to a flow; the area is the fact's own."""
        _add(self._flows[month][code][area], numerator, denominator)

    def close(self, month: str, world: World) -> None:
        """Takes the stocks as they are; called at the end of each month, and at the end."""
        end = MonthEnd(month, world, self._tree)
        figures = _no_figures()
        for code, figure in STOCKS.items():
            for count in figure(end):
                _add(figures[code][count.area_code], count.numerator, count.denominator)
        self._stocks[month] = figures

    def months(self) -> list[str]:
        """The months that can be compared."""
        return sorted(self._stocks)

    def figures(self, month: str) -> Iterator[tuple[str, str, int, int]]:
        """(code, area of any level from city to village, numerator, denominator), wherever
        something was counted.
        """
        for code, by_area in [*self._stocks[month].items(), *self._flows[month].items()]:
            for area, (numerator, denominator) in sorted(_rolled_up(by_area).items()):
                yield code, area, numerator, denominator


def _rolled_up(by_area: dict[str, Pair]) -> dict[str, Pair]:
    """What lies in an area counts in every area above it."""
    rolled: defaultdict[str, Pair] = defaultdict(_nothing)
    for area, (numerator, denominator) in by_area.items():
        for level in LEVELS:
            if level <= areas.level(area):
                _add(rolled[areas.at(area, level)], numerator, denominator)
    return rolled


def _add(pair: Pair, numerator: int, denominator: int) -> None:
    pair[0] += numerator
    pair[1] += denominator


def _nothing() -> Pair:
    return [0, 0]


def _no_figures() -> Figures:
    return defaultdict(lambda: defaultdict(_nothing))


def _find_figures() -> None:
    """Imports every module beside this one; each enters the figures that it holds."""
    for module in iter_modules(truth.__path__):
        import_module(f"{truth.__name__}.{module.name}")
