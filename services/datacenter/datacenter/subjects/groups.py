"""Measures over one kind of value, and the dimensions by which each of them may be split."""

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence, Set
from functools import cached_property
from typing import Generic, NamedTuple, Never, TypeVar, cast

from google.protobuf.message import Message

from datacenter.limits import Limits
from datacenter.subjects import counting
from datacenter.subjects.counting import Amount, Dated, I, Part, Rules, V
from datacenter.subjects.measures import Count, Measure

T = TypeVar("T")
T_contra = TypeVar("T_contra", contravariant=True)
S_contra = TypeVar("S_contra", contravariant=True)
M = TypeVar("M", bound=Message)

# the day on which something is due, as `date.toordinal` counts; None of what is done or has no term
DueOn = Callable[[S_contra], int | None]
# adds what an event counts by itself
EventCounter = Callable[[Message, Limits, list[Count]], None]


class Occurrence(NamedTuple):
    """Where something happened, and in which month."""

    area: str
    month: int


class Dimension(NamedTuple, Generic[T]):
    """By what a measure may be split. of: the value's own; members: name of a part → that value."""

    name: str
    of: Callable[[T], object]
    members: Mapping[str, object]


class Cell(NamedTuple, Generic[T]):
    """The part of a measure that has one value of a dimension."""

    measure: Measure
    amount: Amount[T]


def always(_: object, __: Limits) -> int:
    """Each counts as one."""
    return 1


class Group(Generic[T_contra]):
    """Measures over one kind of value, and the dimensions by which each of them may be split."""

    def __init__(self, is_stock: bool) -> None:
        self.is_stock = is_stock
        self.amounts: dict[Measure, Amount[T_contra]] = {}
        self.dimensions: list[Dimension[T_contra]] = []

    def measure(self, name: str, meaning: str, amount: Amount[T_contra] = always) -> Measure:
        """Declares a measure; `amount` is a plain function of the value and the limits."""
        return self.adds(Measure(name, meaning, self.is_stock), amount)

    def adds(self, measure: Measure, amount: Amount[T_contra] = always) -> Measure:
        """Counts these values, too, in a measure that was declared elsewhere."""
        self.amounts[measure] = amount
        return measure

    def dimension(self, name: str, of: Callable[[T_contra], object], **members: object) -> None:
        """Declares a dimension: measure `M` of its member `P` is `M_P`."""
        self.dimensions.append(Dimension(name, of, members))

    @cached_property
    def cells(self) -> list[Cell[T_contra]]:
        """Every measure by every member of every dimension, when all are declared."""
        return [
            _cell(whole, dimension, member)
            for whole in self.amounts.items()
            for dimension in self.dimensions
            for member in dimension.members
        ]

    def rules(self, asked: Set[str]) -> Rules[T_contra]:
        """Its measures, and of its cells those that are asked for, each with its amount."""
        cells = [cell for cell in self.cells if cell.measure.name in asked]
        return (*self.amounts.items(), *cells)


def _cell(whole: tuple[Measure, Amount[T]], dimension: Dimension[T], member: str) -> Cell[T]:
    (measure, amount), of, wanted = whole, dimension.of, dimension.members[member]

    def part(value: T, limits: Limits) -> int:
        return amount(value, limits) if of(value) == wanted else 0

    meaning = f"{measure.meaning}; {dimension.name}: {member}"
    return Cell(Measure(f"{measure.name}_{member}", meaning, measure.is_stock), part)


class EventFlows(Group[M]):
    """Flows that an event adds by itself, whatever else is known. at: area and month."""

    def __init__(self, event: type[M], at: Callable[[M], Occurrence]) -> None:
        super().__init__(is_stock=False)
        self.event, self.at = event, at

    def counter(self, asked: Set[str]) -> EventCounter:
        """What counts an event of this type, and of no other."""
        at = cast(Callable[[Message], Occurrence], self.at)
        rules = cast(Rules[Message], self.rules(asked))

        def add(event: Message, limits: Limits, counts: list[Count]) -> None:
            area, month = at(event)
            for measure, amount_of in rules:
                if amount := amount_of(event, limits):
                    counts.append((measure, area, month, amount))

        return add


class Contribution(ABC, Generic[S_contra]):
    """What things of a subject add to the counts in one of the ways below."""

    @abstractmethod
    def groups(self) -> Iterator[Group[Never]]:
        """The groups of measures in it."""

    @abstractmethod
    def part(self, asked: Set[str]) -> Part[S_contra]:
        """The function that adds it. asked: names of the cells to be counted."""


class Flows(Group[S_contra], Contribution[S_contra]):
    """Flows of a thing in the area and month of something that happened to it once."""

    def __init__(self, at: Callable[[S_contra], Dated | None]) -> None:
        super().__init__(is_stock=False)
        self.at = at
        self.terms: list[tuple[Measure, DueOn[S_contra]]] = []

    def due(self, measure: Measure) -> Callable[[DueOn[S_contra]], DueOn[S_contra]]:
        """What is neither done nor due yet is left out of the measure: the function tells the last
        day on which it can be done in time. After that day it counts.
        """

        def register(due_on: DueOn[S_contra]) -> DueOn[S_contra]:
            self.terms.append((measure, due_on))
            return due_on

        return register

    def groups(self) -> Iterator[Group[Never]]:
        """Itself."""
        yield self

    def part(self, asked: Set[str]) -> Part[S_contra]:
        """See Contribution."""
        return counting.flows(self.at, self.rules(asked))

    def pending(self, thing: S_contra, limits: Limits) -> Iterator[tuple[int, Count]]:
        """What counts for a thing after a day only, each with that day."""
        if (place := self.at(thing)) is None:
            return
        for measure, due_on in self.terms:
            amount = self.amounts[measure](thing, limits)
            if amount and (day := due_on(thing)) is not None:
                yield day, (measure, place.area, place.month, amount)


class ItemFlows(Group[I], Contribution[S_contra], Generic[S_contra, I]):
    """Flows of something that may happen to a thing more than once, each in its area and month."""

    def __init__(self, items: Callable[[S_contra], Iterable[I]]) -> None:
        super().__init__(is_stock=False)
        self.items = items

    def groups(self) -> Iterator[Group[Never]]:
        """Itself."""
        yield self

    def part(self, asked: Set[str]) -> Part[S_contra]:
        """See Contribution."""
        return counting.item_flows(self.items, self.rules(asked))


class Stocks(Group[V], Contribution[S_contra], Generic[S_contra, V]):
    """What a thing is part of at the end of each month.

    turns: the months with whose end that may change, in any order and more than once. at: the
    thing at the end of a month, None where it is part of nothing.
    """

    def __init__(
        self,
        turns: Callable[[S_contra, Limits], Iterable[int]],
        at: Callable[[S_contra, int, Limits], V | None],
    ) -> None:
        super().__init__(is_stock=True)
        self.turns, self.at = turns, at
        self.flows: list[tuple[Callable[[S_contra], Sequence[int]], Group[V]]] = []

    def flows_in(self, months_of: Callable[[S_contra], Sequence[int]]) -> Group[V]:
        """Flows in certain months of the thing, as it is at the end of them."""
        group: Group[V] = Group(is_stock=False)
        self.flows.append((months_of, group))
        return group

    def groups(self) -> Iterator[Group[Never]]:
        """Itself, and the flows in it."""
        yield self
        yield from (group for _, group in self.flows)

    def part(self, asked: Set[str]) -> Part[S_contra]:
        """See Contribution."""
        flows = [(months_of, group.rules(asked)) for months_of, group in self.flows]
        return counting.stocks(self.turns, self.at, self.rules(asked), flows)
