"""What a subject's file is written in: states with merged fields, and measures over them.

    class Order(State):
        placed: Annotated[Occurrence | None, first, "area, and month of the wanted window"] = None

    order = Subject("order", 3, Order)

    @order.on(dispatch.OrderPlaced, id="order_id")
    def _placed(event: dispatch.OrderPlaced, when: When, limits: Limits) -> Order: ...

    in_month_placed = order.flows(lambda order: order.placed)
    ORDERS = in_month_placed.measure("ORDERS", "placed", lambda order, limits: True)

A stock is the sum of all its months up to one; a flow counts in its month alone. An amount is a
whole number; True is one.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from operator import attrgetter
from types import MappingProxyType
from typing import (
    Annotated,
    Any,
    Generic,
    NamedTuple,
    Protocol,
    TypeVar,
    cast,
    dataclass_transform,
    get_args,
    get_origin,
    get_type_hints,
)

from google.protobuf.message import Message

from datacenter import months
from datacenter.limits import Limits
from datacenter.subjects.measures import Measure
from datacenter.subjects.merges import Merge

NOTHING: Mapping[str, Any] = MappingProxyType({})  # default of a field that holds parts by their id

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)


class When(NamedTuple):
    """The place of an event in time. month: Asia/Shanghai, by business time; sequence: its
    aggregate's version; at: microseconds since 1970.
    """

    month: int
    sequence: int
    at: int

    @classmethod
    def of(cls, time: datetime, sequence: int) -> "When":
        """From an event's business time and version."""
        at = (time - _EPOCH) // _MICROSECOND
        return cls(months.of_seconds(at // 1_000_000), sequence, at)


class Occurrence(NamedTuple):
    """Where something happened, and in which month."""

    area: str
    month: int


class Placed(Protocol):
    """A value that lies in an area."""

    @property
    def area(self) -> str: ...


class Dated(Placed, Protocol):
    """A value that lies in an area and a month."""

    @property
    def month(self) -> int: ...


@dataclass_transform(kw_only_default=True)
class State:
    """What is known of one thing, or what one event tells of it: its fields by name.

    A field's annotation gives type, merge and meaning; its default stands for what is not known.
    """

    def __init__(self, **known: Any) -> None:
        self.__dict__ = known


S = TypeVar("S", bound=State)
M = TypeVar("M", bound=Message)
T = TypeVar("T")
I = TypeVar("I", bound=Dated)  # noqa: E741 – an item
V = TypeVar("V", bound=Placed)

Amount = Callable[[T, Limits], int]
Reader = Callable[[M, When, Limits], S | None]


class Dimension(NamedTuple):
    """By what a measure may be split. of: the value's own; members: name of a part → that value."""

    name: str
    of: Callable[[Any], object]
    members: Mapping[str, object]


class Cell(NamedTuple):
    """The part of a measure that has one value of a dimension."""

    part: Measure
    whole: Measure
    dimension: Dimension
    value: object


class Field(NamedTuple):
    """A field of a state. entry: what its stored lists become when they are read; parts: whether
    they lie by id.
    """

    name: str
    type: str
    merge: Merge
    meaning: str
    entry: Callable[[Iterable[Any]], Any] | None
    is_many: bool
    parts: bool


def always(_: object, __: Limits) -> int:
    """Each counts as one."""
    return 1


class Group(Generic[T]):
    """Measures over one kind of value, and the dimensions by which each of them may be split."""

    def __init__(self, is_stock: bool) -> None:
        self.is_stock = is_stock
        self.amounts: dict[Measure, Amount[T]] = {}
        self.dimensions: list[Dimension] = []

    def measure(self, name: str, meaning: str, amount: Amount[T] = always) -> Measure:
        """Declares a measure; `amount` is a plain function of the value and the limits."""
        return self.adds(Measure(name, meaning, self.is_stock), amount)

    def adds(self, measure: Measure, amount: Amount[T] = always) -> Measure:
        """Counts these values, too, in a measure that was declared elsewhere."""
        self.amounts[measure] = amount
        return measure

    def dimension(self, name: str, of: Callable[[T], object], **members: object) -> None:
        """Declares a dimension: measure `M` of its member `P` is `M_P`."""
        self.dimensions.append(Dimension(name, of, members))

    def cells(self) -> Iterator["Cell"]:
        """Every measure by every member of every dimension."""
        for whole in self.amounts:
            for dimension in self.dimensions:
                for member, value in dimension.members.items():
                    name = f"{whole.name}_{member}"
                    meaning = f"{whole.meaning}; {dimension.name}: {member}"
                    part = Measure(name, meaning, whole.is_stock)
                    yield Cell(part, whole, dimension, value)


class EventFlows(Group[M]):
    """Flows that an event adds by itself, whatever else is known. at: area and month."""

    def __init__(self, event: type[M], at: Callable[[M], Occurrence]) -> None:
        super().__init__(is_stock=False)
        self.event, self.at = event, at


class Flows(Group[S]):
    """Flows of a thing in the area and month of something that happened to it once."""

    def __init__(self, at: Callable[[S], Occurrence | None]) -> None:
        super().__init__(is_stock=False)
        self.at = at


class ItemFlows(Group[I], Generic[S, I]):
    """Flows of something that may happen to a thing more than once, each in its area and month."""

    def __init__(self, items: Callable[[S], Iterable[I]]) -> None:
        super().__init__(is_stock=False)
        self.items = items


class Stocks(Group[V], Generic[S, V]):
    """What a thing is part of at the end of each month.

    turns: the months with whose end that may change, in any order and more than once. at: the
    thing at the end of a month, None where it is part of nothing.
    """

    def __init__(
        self,
        turns: Callable[[S, Limits], Iterable[int]],
        at: Callable[[S, int, Limits], V | None],
    ) -> None:
        super().__init__(is_stock=True)
        self.turns, self.at = turns, at
        self.flows: list[tuple[Callable[[S], Sequence[int]], Group[V]]] = []

    def flows_in(self, months_of: Callable[[S], Sequence[int]]) -> Group[V]:
        """Flows in certain months of the thing, as it is at the end of them."""
        group: Group[V] = Group(is_stock=False)
        self.flows.append((months_of, group))
        return group


@dataclass(eq=False, slots=True)
class Subject(Generic[S]):
    """One kind of thing. kind: its number in the table of things, for good."""

    name: str
    kind: int
    state: type[S]
    readers: dict[str, tuple[Callable[[Message], str], Reader[Any, S]]] = field(
        default_factory=dict
    )
    groups: list[Flows[S] | ItemFlows[S, Any] | Stocks[S, Any]] = field(default_factory=list)

    def on(self, *events: type[Message], id: str) -> Callable[[Reader[M, S]], Reader[M, S]]:
        """What these events tell of the thing. id: path of the field that names it.

        Raises: TypeError where the function is annotated for others.
        """

        def register(reader: Reader[M, S]) -> Reader[M, S]:
            annotated = next(iter(get_type_hints(reader).values()))
            if set(get_args(annotated) or [annotated]) != set(events):
                raise TypeError(f"{self.name}: a reader of {events} is annotated {annotated}")
            for event in events:
                _reach(event, id)
                self.readers[event.DESCRIPTOR.full_name] = (attrgetter(id), reader)
            return reader

        return register

    def flows(self, at: Callable[[S], Occurrence | None]) -> Flows[S]:
        """A group of flows; see Flows."""
        group = Flows(at)
        self.groups.append(group)
        return group

    def flows_of(self, items: Callable[[S], Iterable[I]]) -> ItemFlows[S, I]:
        """A group of flows; see ItemFlows."""
        group = ItemFlows(items)
        self.groups.append(group)
        return group

    def stocks(
        self,
        turns: Callable[[S, Limits], Iterable[int]],
        at: Callable[[S, int, Limits], V | None],
    ) -> Stocks[S, V]:
        """A group of stocks; see Stocks."""
        group = Stocks(turns, at)
        self.groups.append(group)
        return group

    def fields(self) -> list[Field]:
        """The fields of its state, as they are annotated."""
        hints = get_type_hints(self.state, include_extras=True)
        return [_field(name, hint) for name, hint in hints.items()]


def _field(name: str, hint: Any) -> Field:
    if get_origin(hint) is not Annotated:
        raise TypeError(f"{name} names no merge")
    kind, merge, meaning = get_args(hint)
    parts = get_origin(kind) is not None and issubclass(_plain(get_origin(kind)), Mapping)
    inner = get_args(kind)[1] if parts else kind
    is_many = get_origin(inner) is not None and issubclass(_plain(get_origin(inner)), Sequence)
    entry = get_args(inner)[0] if is_many else next(iter(get_args(inner)), inner)
    make = getattr(entry, "_make", None)
    return Field(name, str(kind), cast(Merge, merge), meaning, make, is_many, parts)


def _plain(origin: Any) -> type:
    return origin if isinstance(origin, type) else object


def _reach(event: type[Message], path: str) -> None:
    """Raises: KeyError where an event has no such field."""
    descriptor = event.DESCRIPTOR
    *holders, last = path.split(".")
    for holder in holders:
        inner = descriptor.fields_by_name[holder].message_type
        if inner is None:
            raise KeyError(path)
        descriptor = inner
    descriptor.fields_by_name[last]
