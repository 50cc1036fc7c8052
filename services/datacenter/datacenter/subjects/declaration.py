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
    Generic,
    NamedTuple,
    Never,
    TypeVar,
    cast,
    get_args,
    get_origin,
    get_type_hints,
)

from eldercare import options_pb2
from google.protobuf.message import Message
from msgspec import Struct, structs

from datacenter import months
from datacenter.limits import Limits
from datacenter.subjects.counting import Dated, I, V
from datacenter.subjects.groups import Contribution, Flows, Group, ItemFlows, Stocks

# default of a field that holds parts by their id
NOTHING: Mapping[str, Sequence[Never]] = MappingProxyType({})

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_DAY_S = timedelta(days=1) // timedelta(seconds=1)


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
        since = time - _EPOCH
        seconds = since.days * _DAY_S + since.seconds
        return cls(months.of_seconds(seconds), sequence, seconds * 1_000_000 + since.microseconds)

    @property
    def reported_on(self) -> int:
        """The day of telling, as `date.toordinal` counts."""
        return months.day_of_seconds(self.at // 1_000_000)

    def since(self, day: str) -> "When":
        """The same, of a state that began on a day `YYYY-MM-DD`, where one is told."""
        return self._replace(month=months.of_text(day)) if day else self


class State(Struct, array_like=True, kw_only=True, gc=False):
    """What is known of one thing, or what one event tells of it: its fields by name.

    A field's annotation gives type, merge and meaning; its default stands for what is not known.
    """


S_co = TypeVar("S_co", bound=State, covariant=True)
M = TypeVar("M", bound=Message)

Other = TypeVar("Other", bound=State)
Tell = Callable[[str, S_co], Iterable[tuple[str, Other]]]

IdOf = Callable[[Message], str]
Reader = Callable[[M, When, Limits], S_co | None]
Merge = Callable[..., object]  # of what is known and what is reported; see merges


class Field(NamedTuple):
    """A field of a state. unknown: its default."""

    name: str
    type: str
    merge: Merge
    meaning: str
    unknown: object


@dataclass(eq=False, slots=True)
class Subject(Generic[S_co]):
    """One kind of thing. kind: its number in the table of things, for good.

    Its functions take no state but its own, so any subject stands for a `Subject[State]` where
    nothing but itself hands states to them.
    """

    name: str
    kind: int
    state: type[S_co]
    readers: "dict[str, EventReport[S_co]]" = field(default_factory=dict)
    tellers: "list[Teller[S_co]]" = field(default_factory=list)
    parts: Callable[[S_co], Iterable[str]] | None = None
    contributions: list[Contribution[S_co]] = field(default_factory=list)

    def on(self, *events: type[Message], id: str) -> Callable[[Reader[M, S_co]], Reader[M, S_co]]:
        """What these events tell of the thing. id: path of the field that names it.

        Raises: TypeError where the function is annotated for others.
        """

        def register(reader: Reader[M, S_co]) -> Reader[M, S_co]:
            annotated = next(iter(get_type_hints(reader).values()))
            if set(get_args(annotated) or [annotated]) != set(events):
                raise TypeError(f"{self.name}: a reader of {events} is annotated {annotated}")
            read = cast(Reader[Message, S_co], reader)  # given no event but these
            for event in events:
                _reach(event, id)
                is_own = event.DESCRIPTOR.GetOptions().Extensions[options_pb2.event].key == id
                reported = EventReport(attrgetter(id), read, is_own)
                self.readers[event.DESCRIPTOR.full_name] = reported
            return reader

        return register

    def tells(self, other: "Subject[Other]") -> Callable[[Tell[S_co, Other]], Tell[S_co, Other]]:
        """What is known of a thing of this subject tells something of a thing of the other: the
        function yields its id and what is reported. Whatever was reported once stays true.
        """

        def register(tell: Tell[S_co, Other]) -> Tell[S_co, Other]:
            self.tellers.append(Teller(other, tell))
            return tell

        return register

    def made_of(self, parts: Callable[[S_co], Iterable[str]]) -> Callable[[S_co], Iterable[str]]:
        """Lineage of a thing of this subject leads to the events of all these, by their ids."""
        self.parts = parts
        return parts

    def flows(self, at: Callable[[S_co], Dated | None]) -> Flows[S_co]:
        """A group of flows; see Flows."""
        group = Flows(at)
        self.contributions.append(group)
        return group

    def flows_of(self, items: Callable[[S_co], Iterable[I]]) -> ItemFlows[S_co, I]:
        """A group of flows; see ItemFlows."""
        group = ItemFlows(items)
        self.contributions.append(group)
        return group

    def stocks(
        self,
        turns: Callable[[S_co, Limits], Iterable[int]],
        at: Callable[[S_co, int, Limits], V | None],
    ) -> Stocks[S_co, V]:
        """A group of stocks; see Stocks."""
        group = Stocks(turns, at)
        self.contributions.append(group)
        return group

    def groups(self) -> Iterator[Group[Never]]:
        """All its groups of measures, in their order."""
        for contribution in self.contributions:
            yield from contribution.groups()

    def fields(self) -> list[Field]:
        """The fields of its state, as they are annotated."""
        hints = get_type_hints(self.state, include_extras=True)
        return [_field(hints[one.name], one) for one in structs.fields(self.state)]


class EventReport(NamedTuple, Generic[S_co]):
    """What an event tells of a thing. is_own: the event's topic is that of these things."""

    id_of: IdOf
    reader: Reader[Message, S_co]
    is_own: bool


class Teller(NamedTuple, Generic[S_co]):
    """See Subject.tells."""

    of: Subject[State]
    tell: Tell[S_co, State]


def _field(hint: object, of: structs.FieldInfo) -> Field:
    if get_origin(hint) is not Annotated:
        raise TypeError(f"{of.name} names no merge")
    kind, merge, meaning = get_args(hint)
    return Field(of.name, str(kind), merge, meaning, of.default)


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
