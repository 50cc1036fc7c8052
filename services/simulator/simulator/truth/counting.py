"""Counts facts as they happen, and keeps the stocks of each month's end."""

from collections import defaultdict
from collections.abc import Iterator
from datetime import date
from importlib import import_module
from pkgutil import iter_modules

from kit.contracts import areas
from simulator import truth
from simulator.truth.figures import Amounts, Definition, Pair, figure
from simulator.truth.ledger import Ledger
from simulator.truth.measures import FLOWS, STOCKS, Count, Fact, MonthEnd, part
from simulator.world.city import World
from simulator.world.days import month_of

Counted = defaultdict[str, Amounts]  # by measure


class Truth:
    """All measures, what figures follow from them, and where every fen stands."""

    def __init__(self, tree: areas.Areas) -> None:
        _find_truths()
        self.ledger = Ledger()
        self._tree = tree
        self._flows: defaultdict[str, Counted] = defaultdict(_nothing)
        self._waiting: defaultdict[str, defaultdict[str, list[Count]]] = defaultdict(_no_counts)
        self._ends: dict[str, MonthEnd] = {}
        self._stocks: dict[str, Counted] = {}

    def record(self, fact: Fact) -> None:
        """Something happened: every measure and account takes what follows from it."""
        for measure, counts in FLOWS.items():
            for count in counts(fact):
                if count.after is None:
                    self.count(measure, count.month, count.area_code, count.amount, count.member)
                else:
                    self._waiting[count.month][measure].append(count)
        self.ledger.record(fact)

    def count(self, measure: str, month: str, area: str, amount: int = 1, member: str = "") -> None:
        """Adds to a flow; the area is the fact's own."""
        _add(self._flows[month], measure, area, amount, member)

    def close(self, month: str, world: World) -> None:
        """Keeps the city as it is; called at the end of each month, and at the end."""
        self._ends[month] = MonthEnd(month, world.copied())
        self._stocks.pop(month, None)

    def ended_since(self, day: date) -> Iterator[World]:
        """The city at the end of each month that ended since a day: what is told late of that day
        is put right in it, and the stocks follow.
        """
        for month, end in self._ends.items():
            if month >= month_of(day):
                self._stocks.pop(month, None)
                yield end.world

    def months(self) -> list[str]:
        """The months that can be compared."""
        return sorted(self._ends)

    def _stocks_of(self, month: str) -> Counted:
        if month not in self._stocks:
            counted = self._stocks[month] = _nothing()
            for measure, counts in STOCKS.items():
                for count in counts(self._ends[month]):
                    _add(counted, measure, count.area_code, count.amount, count.member)
        return self._stocks[month]

    def figure(self, month: str, definition: Definition, today: date = date.max) -> dict[str, Pair]:
        """A figure by area of any level from city to village, wherever something was counted.

        today: what can still be done in time on that day, and is not done, does not count.
        Raises: NoTruth.
        """
        counted = self._stocks_of(month) | self._flows[month]
        for measure in {definition.numerator, definition.denominator} & self._waiting[month].keys():
            counted[measure] = self._counting_on(today, month, measure, counted[measure])
        return figure(definition, counted, self._tree)

    def _counting_on(self, today: date, month: str, measure: str, counted: Amounts) -> Amounts:
        whole = Amounts(counted)
        for count in self._waiting[month][measure]:
            if count.after is not None and count.after < today:
                whole[count.area_code] += count.amount
        return whole


def _add(counted: Counted, measure: str, area: str, amount: int, member: str) -> None:
    counted[measure][area] += amount
    if member:
        counted[part(measure, member)][area] += amount


def _no_counts() -> defaultdict[str, list[Count]]:
    return defaultdict(list)


def _nothing() -> Counted:
    return defaultdict(Amounts)


def _find_truths() -> None:
    """Imports every module beside this one; each enters the measures that it holds."""
    for module in iter_modules(truth.__path__):
        import_module(f"{truth.__name__}.{module.name}")
