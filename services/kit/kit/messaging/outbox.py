"""Emits events: `emit` collects messages, the end of the transaction writes them,
`kit.messaging.relay` sends them.

An event's `ce_sequence` is its aggregate's version; where the database was restored from a backup,
2^20 times the epoch more (`kit.db.tables.Epoch`). So consumers of what was emitted after the
backup, and is no longer true, take what is emitted after the restore for newer, unless the
aggregate was changed a million times in between.

The outbox is a queue, not a log. A message is inserted after its aggregate's version bump, under
the aggregate's row lock, so its `seq` rises in the order of commits per aggregate; over all
aggregates it does not, and nobody may use it as a cursor.
"""

import json
import zlib
from collections.abc import Callable
from contextvars import ContextVar
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol, TypeVar
from uuid import UUID

import protovalidate
from eldercare import options_pb2
from google.protobuf.descriptor import Descriptor
from google.protobuf.message import Message

from kit.contracts import ids
from kit.db.final_write import OutboxMessage
from kit.db.raw_session import RawSession
from kit.db.store import Session
from kit.observability.traces import traceparent

M = TypeVar("M", bound=Message)

EPOCH = 1 << 20  # versions that lie between two epochs
MOST_BYTES = (
    900_000  # key, headers and payload; the broker's own limit is 1 048 588 for a whole batch
)


class InvalidEvent(ValueError):
    """An event breaks its own contract: a defect of ours, noticed before anything is written."""


class Versioned(Protocol):
    """A row of an aggregate table."""

    version: int


@dataclass(frozen=True, slots=True)
class Cause:
    """Why something happens: the flow it belongs to, the event it follows from, the span it began
    in (W3C).
    """

    correlation_id: str
    causation_id: str | None = None
    traceparent: str | None = None


# Set by the edge (rpc, consumer, timer) around a flow.
cause: ContextVar[Cause | None] = ContextVar("cause", default=None)


@dataclass(frozen=True, slots=True)
class Route:
    """Where events of one type go; `key` reads the aggregate's id out of an event."""

    type: str
    aggregate: str
    topic: str
    state: bool
    key: Callable[[Message], str]


def route(kind: type[Message]) -> Route:
    """What `(eldercare.event)` says about a message.

    Raises: InvalidEvent where the message is no event, or its key names no field.
    """
    found = _routes.get(kind.DESCRIPTOR.full_name)
    if found is None:
        found = _read(kind.DESCRIPTOR)  # type: ignore[arg-type]
        _routes[kind.DESCRIPTOR.full_name] = found
    return found


_routes: dict[str, Route] = {}


def _read(descriptor: Descriptor) -> Route:
    option = descriptor.GetOptions().Extensions[options_pb2.event]
    if not option.topic or not option.key:
        raise InvalidEvent(
            f"{descriptor.full_name} is no event: it has no (eldercare.event) with topic and key"
        )
    path = tuple(option.key.split("."))
    within: Descriptor | None = descriptor
    for name in path:
        if within is None or name not in within.fields_by_name:
            raise InvalidEvent(
                f"{descriptor.full_name}: (eldercare.event).key is {option.key!r}, which is "
                "no field of it"
            )
        within = within.fields_by_name[name].message_type

    def key(event: Message) -> str:
        value: object = event
        for name in path:
            value = getattr(value, name)
        return str(value)

    version = descriptor.file.package.rpartition(".")[2]
    return Route(
        descriptor.full_name, option.topic, f"eldercare.{option.topic}.{version}", option.state, key
    )


def emit(
    session: Session | RawSession,
    event: M,
    row: Versioned | None = None,
    *,
    sequence: int | None = None,
) -> M:
    """Emits an event when this transaction commits, and returns it.

    row: the event's aggregate; its version is raised by one and becomes the event's sequence. It
    must be locked, or new. sequence: the version, where the flow keeps it itself.
    Raises: InvalidEvent where the event breaks a constraint of its contract, has no key or is too
    large.
    """
    where = route(type(event))
    if row is not None:
        row.version += 1
        sequence = row.version
    elif sequence is None and where.state:
        raise InvalidEvent(
            f"{where.type} carries the state of its aggregate: its listeners need the row's version"
        )
    broken = protovalidate.collect_violations(event)
    if broken:
        faults = "; ".join(f"{_path(violation)}: {violation.proto.message}" for violation in broken)
        raise InvalidEvent(f"{where.type} breaks its contract: {faults}")
    key = where.key(event)
    if not key:
        raise InvalidEvent(f"{where.type} has an empty key")
    session.messages.append(_outbox_message(session, event, where, key, sequence or 0))
    return event


def envelope(
    where: Route,
    key: str,
    sequence: int,
    *,
    message_id: UUID,
    service: str,
    time: datetime,
    recorded_at: datetime,
    why: Cause | None = None,
    here: str | None = None,
) -> dict[str, str]:
    """The headers of an event, as CloudEvents' binary mode has them; `traceparent` is of the hop,
    `ce_traceparent` of the origin.

    sequence: the aggregate's version, with the database's epoch. why: what led to it. here: the
    trace it is emitted in.
    """
    headers = {
        "content-type": "application/protobuf",
        "ce_specversion": "1.0",
        "ce_id": str(message_id),
        "ce_source": f"/eldercare/{service}/{where.aggregate}/{key}",
        "ce_type": where.type,
        "ce_subject": key,
        "ce_time": time.isoformat(timespec="microseconds").replace("+00:00", "Z"),
        "ce_recordedtime": recorded_at.isoformat(timespec="microseconds").replace("+00:00", "Z"),
        "ce_partitionkey": key,
        "ce_sequence": f"{sequence:020d}",
        "ce_correlationid": why.correlation_id if why else str(message_id),
    }
    if why and why.causation_id:
        headers["ce_causationid"] = why.causation_id
    if origin := (why.traceparent if why and why.traceparent else here):
        headers["traceparent"], headers["ce_traceparent"] = here or origin, origin
    return headers


def _path(violation: protovalidate.Violation) -> str:
    field = violation.proto.field
    return ".".join(element.field_name for element in field.elements) if field else "message"


def _outbox_message(
    session: Session | RawSession, event: Message, where: Route, key: str, sequence: int
) -> OutboxMessage:
    message_id = ids.new()
    recorded_at = session.store.clock.real()
    headers = envelope(
        where,
        key,
        session.store.epoch * EPOCH + sequence,
        message_id=message_id,
        service=session.store.service,
        time=session.now,
        recorded_at=recorded_at,
        why=cause.get(),
        here=traceparent(),
    )
    payload = event.SerializeToString(deterministic=True)
    encoded = json.dumps(headers, ensure_ascii=False, separators=(",", ":"))
    if len(payload) + len(encoded) + len(key) > MOST_BYTES:
        raise InvalidEvent(
            f"{where.type} has {len(payload)} bytes; {MOST_BYTES} with headers and key are the most"
        )
    part = zlib.crc32(key.encode()) % session.store.parts
    return OutboxMessage(part, message_id, where.topic, key, encoded, payload, recorded_at, event)
