"""What a thing adds to the counts: plain functions, made once of what is declared. Pure."""

from bisect import bisect_right
from collections.abc import Callable, Iterable, Sequence
from typing import Generic, Protocol, Self, TypeVar

from datacenter.limits import Limits
from datacenter.subjects.measures import Counts, Measure, Row

MOST_VIEWS = 100_000


class Placed(Protocol):
    """A value that lies in an area."""

    @property
    def area(self) -> str: ...


class Dated(Placed, Protocol):
    """A value that lies in an area and a month."""

    @property
    def month(self) -> int: ...


class View(Placed, Protocol):
    """A thing at the end of a month: a named tuple of which the area is the first."""

    def __getitem__(self, places: slice, /) -> tuple[object, ...]: ...

    def _replace(self, *, area: str) -> Self: ...


S = TypeVar("S")
T = TypeVar("T")
I = TypeVar("I", bound=Dated)  # noqa: E741 – an item
V = TypeVar("V", bound=View)

Amount = Callable[[T, Limits], int]
Rules = Sequence[tuple[Measure, Amount[T]]]
Part = Callable[[S, Limits, Counts], None]  # adds to the counts what a thing is or did
FlowsIn = tuple[Callable[[S], Sequence[int]], Rules[V]]


class Amounts:
    """What a view counts in each measure of a group; one object stands for equal amounts."""

    __slots__ = ("_differences", "_values")

    def __init__(self, values: tuple[tuple[Measure, int], ...]) -> None:
        self._values = values
        self._differences: dict[Amounts, Row] = {}

    def less(self, before: "Amounts") -> Row:
        """By how much it is more in which measures; nobody changes it."""
        found = self._differences.get(before)
        if found is None:
            pairs = zip(self._values, before._values, strict=True)
            found = self._differences[before] = {
                measure: amount - was for (measure, amount), (_, was) in pairs if amount != was
            }
        return found


class AmountsOf(Generic[V]):
    """What views count. In each area a view counts the same, and few kinds of views are many
    things, so each is computed once.
    """

    def __init__(self, rules: Rules[V]) -> None:
        self._rules = rules
        self.nothing = Amounts(tuple((measure, 0) for measure, _ in rules))
        self._limits: Limits | None = None
        self._begin()

    def _begin(self) -> None:
        self._by_view: dict[tuple[object, ...], Amounts] = {}
        self._by_values = {self.nothing._values: self.nothing}

    def __call__(self, view: V, limits: Limits) -> Amounts:
        """Amounts without zeros are those of `nothing`."""
        if limits is not self._limits or len(self._by_view) > MOST_VIEWS:
            self._begin()
            self._limits = limits
        kind = view[1:]
        found = self._by_view.get(kind)
        if found is None:
            found = self._by_view[kind] = self._computed(view, limits)
        return found

    def _computed(self, view: V, limits: Limits) -> Amounts:
        nowhere = view._replace(area="")  # so that no rule can depend on it
        values = tuple((measure, int(amount(nowhere, limits))) for measure, amount in self._rules)
        return self._by_values.setdefault(values, Amounts(values))


def flows(at: Callable[[S], Dated | None], rules: Rules[S]) -> Part[S]:
    """See groups.Flows."""

    def add(thing: S, limits: Limits, counts: Counts) -> None:
        place = at(thing)
        if place is not None:
            row = counts.setdefault((place.area, place.month), {})
            for measure, amount_of in rules:
                if amount := amount_of(thing, limits):
                    row[measure] = amount

    return add


def item_flows(items: Callable[[S], Iterable[I]], rules: Rules[I]) -> Part[S]:
    """See groups.ItemFlows."""

    def add(thing: S, limits: Limits, counts: Counts) -> None:
        for item in items(thing):
            row = counts.setdefault((item.area, item.month), {})
            for measure, amount_of in rules:
                if amount := amount_of(item, limits):
                    row[measure] = row.get(measure, 0) + amount

    return add


def stocks(
    turns: Callable[[S, Limits], Iterable[int]],
    at: Callable[[S, int, Limits], V | None],
    rules: Rules[V],
    flows: Sequence[FlowsIn[S, V]],
) -> Part[S]:
    """See groups.Stocks. flows: in which months of a thing what it is at their end is counted."""
    amounts = AmountsOf(rules)
    nothing = amounts.nothing

    def add(thing: S, limits: Limits, counts: Counts) -> None:
        area, then, before = "", None, nothing
        months: list[int] = []
        views: list[V | None] = []
        for month in sorted(set(turns(thing, limits))):
            now = at(thing, month, limits)
            if now == then:
                continue
            place, after = (area, nothing) if now is None else (now.area, amounts(now, limits))
            if place == area:
                _put(counts, area, month, after.less(before))
            else:
                _put(counts, area, month, nothing.less(before))
                _put(counts, place, month, after.less(nothing))
            area, then, before = place, now, after
            months.append(month)
            views.append(now)
        for months_of, rules_in in flows:
            for month in months_of(thing):
                found = bisect_right(months, month) - 1
                view = views[found] if found >= 0 else None
                if view is not None:
                    row = counts.setdefault((view.area, month), {})
                    for measure, amount_of in rules_in:
                        if amount := amount_of(view, limits):
                            row[measure] = amount

    return add


def _put(counts: Counts, area: str, month: int, changes: Row) -> None:
    if changes:
        place = (area, month)
        row = counts.get(place)
        if row is None:
            counts[place] = changes.copy()
        else:
            row.update(changes)
