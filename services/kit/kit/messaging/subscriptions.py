"""What a service subscribes to: `on` fills a table, and the kit's one subscriber per group
(`kit.messaging.consumers`) calls what stands in it.

    @on(ElderRegistered, ElderChanged, group="subsidy", replica=Elder)
    async def keep(event: ElderRegistered, session: Session) -> None:
        await replicate(session, event.elder, Elder)

    def needed(event: AssessmentCompleted) -> list[Prefetch]:
        return [Prefetch(Elder, UUID(event.elder_id), required=True)]

    @on(AssessmentCompleted, group="subsidy", prefetch=needed)
    async def open_case(event: AssessmentCompleted, session: Session, fact: Fact) -> None: ...
"""

import inspect
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import cache
from typing import TypeVar

from google.protobuf.descriptor import Descriptor
from google.protobuf.message import Message
from sqlalchemy import Column
from sqlalchemy import inspect as mapped
from sqlmodel import SQLModel

from kit.contracts import wire
from kit.db.store import Session
from kit.messaging.outbox import route

Row = TypeVar("Row", bound=SQLModel)
Function = TypeVar("Function", bound=Callable[..., Awaitable[None]])


@dataclass(slots=True)
class Fact:
    """An event as it came.

    sequence: the aggregate's version. time: business instant. headers: as they came, pairs of name
    and bytes.
    """

    id: str
    source: str
    type: str
    subject: str
    sequence: int
    time: datetime
    topic: str
    partition: int
    offset: int
    payload: bytes
    key: bytes | None = None
    traceparent: str | None = None
    correlation_id: str | None = None
    causation_id: str | None = None
    headers: Iterable[tuple[str, bytes | None]] = ()


# keeps the facts of a batch in its transaction, and returns the ids of those that are new
Archive = Callable[[Session, Sequence[Fact]], Awaitable[set[str]]]


@dataclass(frozen=True, slots=True)
class Prefetch:
    """A row that a handler will ask for.

    required: without this row the record waits until it is there; else an absent row costs nothing.
    """

    table: type[SQLModel]
    key: object
    required: bool = False


class MissingDependency(Exception):
    """The record refers to a row that is not there yet: it waits for it, and nothing of what the
    handler did remains.
    """

    def __init__(self, table: type[SQLModel], key: object) -> None:
        self.table, self.key = table, key
        super().__init__(f"{kind_of(table)} {text_of(key)} is not known yet")


PrefetchOf = Callable[..., Iterable[Prefetch]]


@dataclass(frozen=True, slots=True)
class Handler:
    """One handler function. whole: it takes all its events of a batch at once."""

    function: Callable[..., Awaitable[None]]
    prefetch: PrefetchOf | None
    replica: type[SQLModel] | None
    whole: bool
    takes_fact: bool


@dataclass(slots=True)
class Subscription:
    """One event type as one group reads it."""

    kind: type[Message]
    topic: str
    handlers: list[Handler] = field(default_factory=list)


_groups: dict[str, dict[str, Subscription]] = {}


def on(
    *kinds: type[Message],
    group: str,
    prefetch: PrefetchOf | None = None,
    replica: type[SQLModel] | None = None,
) -> Callable[[Function], Function]:
    """Has the function called with each event of these types, once, inside the transaction that
    notes it as read.

    prefetch: the rows the function will ask for; they come locked, those of a whole batch in one
    query per table.
    replica: the table of the aggregate's state; the function is called only for states newer than
    the row's `version`, which the kit sets. Allowed for events that carry the full state, and
    needed by nobody else.
    Raises: TypeError; kit.messaging.outbox.Unsayable for a message that is no event.
    """

    def register(function: Function) -> Function:
        parameters = len(inspect.signature(function).parameters)
        if parameters not in (2, 3):
            raise TypeError(
                f"{function.__qualname__} takes (event, session) or (event, session, "
                f"fact), not {parameters} parameters"
            )
        for kind in kinds:
            if replica is not None and not route(kind).state:
                raise TypeError(
                    f"{kind.DESCRIPTOR.full_name} carries no full state: "
                    f"{function.__qualname__} cannot keep a replica of it"
                )
            _subscription(kind, group).handlers.append(
                Handler(function, prefetch, replica, False, parameters == 3)
            )
        return function

    return register


def on_batch(
    *kinds: type[Message], group: str, prefetch: PrefetchOf | None = None
) -> Callable[[Function], Function]:
    """Has the function called as (events: list[tuple[event, Fact]], session) with all events of
    these types in a batch, in order per key.

    For projections that work on sets. Two such functions of one group are not called in any order:
    events whose order matters go to one.
    """

    def register(function: Function) -> Function:
        for kind in kinds:
            _subscription(kind, group).handlers.append(
                Handler(function, prefetch, None, True, True)
            )
        return function

    return register


def subscribe(*kinds: type[Message], group: str) -> None:
    """Has the group read the topics of these types, also where no function wants them: what its
    archive is to keep.
    """
    for kind in kinds:
        _subscription(kind, group)


def subscriptions_of(group: str) -> Mapping[str, Subscription]:
    """What a group subscribes to, by full name of the message."""
    return _groups.get(group, {})


def _subscription(kind: type[Message], group: str) -> Subscription:
    return _groups.setdefault(group, {}).setdefault(
        kind.DESCRIPTOR.full_name, Subscription(kind, route(kind).topic)
    )


async def replicate(session: Session, state: Message, table: type[Row], **given: object) -> Row:
    """Writes the replica's row from the state by field names: a new one, or over the old one. The
    kit sets its version.
    """
    fresh = wire.row_from_event(table, state, **given)
    columns = key_columns(table)
    row: Row | None = await session.get(
        table, tuple(getattr(fresh, column.key) for column in columns)
    )
    if row is None:
        session.add(fresh)
        return fresh
    for name in _stated(table, state.DESCRIPTOR) | given.keys():
        setattr(row, name, getattr(fresh, name))
    return row


@cache
def _stated(table: type[SQLModel], message: Descriptor) -> frozenset[str]:
    # what the state does not speak of (the version, a service's own column) stays; what it leaves
    # out is none
    return frozenset(table.model_fields) & {field.name for field in message.fields} - {"version"}


@cache
def key_columns(table: type[SQLModel]) -> tuple[Column[object], ...]:
    """The columns of the primary key."""
    return tuple(mapped(table).primary_key)


def kind_of(table: type[SQLModel]) -> str:
    """The name under which a record waits for a row of this table."""
    return str(table.__tablename__)


def text_of(key: object) -> str:
    """A row's key as text, parts joined by a slash."""
    return "/".join(map(str, key)) if isinstance(key, tuple) else str(key)
