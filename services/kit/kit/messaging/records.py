"""From a record of Kafka to an event: read off its headers, in CloudEvents' binary mode. Nothing
here raises for a bad record.
"""

import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import NamedTuple, Protocol
from uuid import UUID

from google.protobuf.message import DecodeError, Message

from kit.contracts import ids
from kit.db.driver import Row
from kit.messaging.subscriptions import Fact, Handler, Subscription

# as text, in one form: the inbox compares it
_UUID = re.compile("[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}")
# the same where it is of version 7 for certain, and its instant before the year 9999
_TIMED_UUID = re.compile(
    "[0-9a-d][0-9a-f]{7}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}"
)
Headers = Iterable[tuple[str, bytes | None]]

_NEEDED = ("ce_id", "ce_source", "ce_type", "ce_time", "ce_sequence")
_STRICT = frozenset(
    {*_NEEDED, "ce_subject"}
)  # the others are a comfort: what is wrong with them harms nobody
_READ = _STRICT | {"ce_correlationid", "ce_causationid", "traceparent"}
_LONGEST = 1024  # bytes of a text; it must fit into an index
_SEQUENCES = range(2**63)  # a version is kept as bigint
# between them an instant has a date in every time zone
_FIRST = datetime.min.replace(tzinfo=UTC) + timedelta(days=1)
_LAST = datetime.max.replace(tzinfo=UTC) - timedelta(days=1)
UNDECODABLE = "UNDECODABLE"  # reason of its parking

OrderingKey = tuple[str, str, bytes]


class ClusterPartition(NamedTuple):
    """A partition."""

    cluster: str
    topic: str
    partition: int


class Record(Protocol):
    """What is read of Kafka's record."""

    @property
    def topic(self) -> str: ...
    @property
    def partition(self) -> int: ...
    @property
    def offset(self) -> int: ...
    @property
    def key(self) -> bytes | None: ...
    @property
    def value(self) -> bytes | None: ...
    @property
    def headers(self) -> Headers: ...


class StampedRecord(Record, Protocol):
    """A record as it came from Kafka. timestamp: the broker's own, in milliseconds."""

    @property
    def timestamp(self) -> int: ...


class Kept(NamedTuple):
    """A record as it lies in the database."""

    topic: str
    partition: int
    offset: int
    key: bytes | None
    value: bytes | None
    headers: Headers


@dataclass(slots=True, eq=False)
class Item:
    """A record on its way through a batch.

    cluster: Kafka's id. fact, event: None where it could not be decoded or is not ours. handlers:
    None where the group does not hear its type. fault: why it could not be decoded. stored: the
    table it lies in already, `waiting` or `parked`. ordering_key: where it queues, as records of
    one line are applied in their order; None where it has no key.
    """

    cluster: str
    record: Record
    fact: Fact | None = None
    event: Message | None = None
    handlers: tuple[Handler, ...] | None = None
    fault: str | None = None
    stored: str | None = None
    place: ClusterPartition = field(init=False)
    ordering_key: OrderingKey | None = field(init=False)

    def __post_init__(self) -> None:
        record, key = self.record, self.record.key
        self.place = ClusterPartition(self.cluster, record.topic, record.partition)
        self.ordering_key = None if key is None else (self.cluster, record.topic, bytes(key))

    @property
    def known_fact(self) -> Fact:
        """The fact of a record that could be decoded."""
        assert self.fact is not None
        return self.fact

    @property
    def decoded_event(self) -> Message:
        """The event of a record that could be decoded."""
        assert self.event is not None
        return self.event


def decoded(
    cluster: str, record: Record, subscribed: Mapping[str, Subscription], *, archived: bool = False
) -> Item:
    """What the record means to a group.

    archived: the envelope of types the group does not hear is decoded too.
    """
    item = Item(cluster, record)
    found, fault = _read(record.headers)
    kind = found.get("ce_type")
    subscription = subscribed.get(kind) if kind is not None else None
    if kind is None and fault is None and record.value is None:
        return item  # a tombstone of compaction says nothing
    if kind is not None and subscription is None and not archived:
        return item  # whatever else is wrong with it concerns somebody else
    if fault is None:
        fault = _enveloped(item, found)
    if fault is None and subscription is not None and record.value is None:
        fault = "payload: is absent"
    if fault is None and subscription is not None and subscription.topic != record.topic:
        fault = f"ce_type: {kind} is not said on this topic"
    if fault is None and subscription is not None:
        try:
            item.event = subscription.kind.FromString(record.value or b"")
        except DecodeError:
            fault = f"payload: is no {kind}"
    if fault is not None:
        item.fault, item.fact = fault, None
    else:
        item.handlers = tuple(subscription.handlers) if subscription is not None else ()
    return item


def _read(headers: Headers) -> tuple[dict[str, str], str | None]:
    found: dict[str, str] = {}
    fault = None
    for name, value in headers:
        if name not in _READ or value is None:
            continue
        try:
            text = value.decode()
        except UnicodeDecodeError:
            if name in _STRICT:
                fault = f"{name}: is no UTF-8"
            continue
        if len(value) > _LONGEST or b"\0" in value:
            if name in _STRICT:
                fault = f"{name}: {_unkeepable(value)}"
            continue
        if found.setdefault(name, text) != text and name in _STRICT:
            fault = f"{name}: is there twice and differs"
    return found, fault


def _unkeepable(text: bytes) -> str | None:
    """Why PostgreSQL would not keep this text: what it refuses outside of a handler would hold up
    the whole partition.
    """
    if b"\0" in text:
        return "holds a NUL"
    return f"is longer than {_LONGEST} bytes" if len(text) > _LONGEST else None


def _enveloped(item: Item, found: dict[str, str]) -> str | None:
    """Fills the fact, of values that every group can keep and count with. Returns what is wrong
    with them.
    """
    record = item.record
    for name in _NEEDED:
        if name not in found:
            return f"{name}: is absent"
    try:
        if not _TIMED_UUID.fullmatch(found["ce_id"]):
            if not _UUID.fullmatch(found["ce_id"]):
                return "ce_id: is no UUID"
            ids.instant(UUID(found["ce_id"]))
        sequence = int(found["ce_sequence"])
        time = datetime.fromisoformat(found["ce_time"])
        if time.tzinfo is None:
            return "ce_time: has no time zone"
        if not _FIRST <= time <= _LAST:
            return "ce_time: has no date in some time zone"
    except (ValueError, OverflowError) as error:
        return f"ce_id, ce_sequence or ce_time: {error}"
    if sequence not in _SEQUENCES:
        return "ce_sequence: is no version"
    key = record.key
    subject = found.get("ce_subject") or (key.decode(errors="replace") if key else "")
    if (wrong := _unkeepable(subject.encode())) is not None:
        return f"key: {wrong}"
    item.fact = Fact(
        found["ce_id"],
        found["ce_source"],
        found["ce_type"],
        subject,
        sequence,
        time,
        record.topic,
        record.partition,
        record.offset,
        record.value or b"",
        key,
        found.get("traceparent"),
        found.get("ce_correlationid"),
        found.get("ce_causationid"),
        record.headers,
    )
    return None


def type_of(headers: Headers) -> str:
    """The full name of the message, as its header says it; empty where none does."""
    return next(
        (
            value.decode(errors="replace")
            for name, value in headers
            if name == "ce_type" and value is not None
        ),
        "",
    )


def written(headers: Headers) -> str:
    """Headers as JSON text; bytes that are no UTF-8 become lone surrogates, so that nothing is
    lost.
    """
    return json.dumps(
        [
            (name, None if value is None else value.decode(errors="surrogateescape"))
            for name, value in headers
        ]
    )


def kept(row: Row) -> Kept:
    """The record that a row of `waiting` or `parked` holds."""
    headers = [
        (name, None if text is None else text.encode(errors="surrogateescape"))
        for name, text in json.loads(row["headers"])
    ]
    return Kept(row["topic"], row["partition"], row["offset"], row["key"], row["payload"], headers)


def type_in(headers: str) -> str:
    """The same of headers that were `written`."""
    return next((value or "" for name, value in json.loads(headers) if name == "ce_type"), "")
