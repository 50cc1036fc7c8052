"""Counts facts as they happen, and keeps the stocks of each month's end."""

from collections import defaultdict
from importlib import import_module
from pkgutil import iter_modules

from kit.contracts import areas
from simulator import truth
from simulator.truth.figures import Amounts, Definition, Pair, figure
from simulator.truth.ledger import Ledger
from simulator.truth.measures import FLOWS, STOCKS, Fact, MonthEnd, part
from simulator.world.city import World

Counted = defaultdict[str, Amounts]  # by measure


class Truth:
    """All measures, what figures follow from them, and where every fen stands."""

    def __init__(self, tree: areas.Areas) -> None:
        _find_truths()
        self.ledger = Ledger()
        self._tree = tree
        self._flows: defaultdict[str, Counted] = defaultdict(_nothing)
        self._stocks: dict[str, Counted] = {}

    def record(self, fact: Fact) -> None:
        """Something happened: every measure and account takes what follows from it."""
        for measure, counts in FLOWS.items():
            for count in counts(fact):
                self.count(measure, *count)
        self.ledger.record(fact)

    def count(self, measure: str, month: str, area: str, amount: int = 1, member: str = "") -> None:
        """Adds to a flow; the area is the fact's own."""
        _add(self._flows[month], measure, area, amount, member)

    def close(self, month: str, world: World) -> None:
        """Takes the stocks as they are; called at the end of each month, and at the end."""
        end, counted = MonthEnd(month, world), _nothing()
        for measure, counts in STOCKS.items():
            for count in counts(end):
                _add(counted, measure, count.area_code, count.amount, count.member)
        self._stocks[month] = counted

    def months(self) -> list[str]:
        """The months that can be compared."""
        return sorted(self._stocks)

    def figure(self, month: str, definition: Definition) -> dict[str, Pair]:
        """A figure by area of any level from city to village, wherever something was counted.

        Raises: NoTruth.
        """
        return figure(definition, self._stocks[month] | self._flows[month], self._tree)


def _add(counted: Counted, measure: str, area: str, amount: int, member: str) -> None:
    counted[measure][area] += amount
    if member:
        counted[part(measure, member)][area] += amount


def _nothing() -> Counted:
    return defaultdict(Amounts)


def _find_truths() -> None:
    """Imports every module beside this one; each enters the measures that it holds."""
    for module in iter_modules(truth.__path__):
        import_module(f"{truth.__name__}.{module.name}")
