"""Events as Kafka hands them out, and read as the consumer reads them."""

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from google.protobuf.message import Message

from datacenter.counts.consumers import GROUP, keep
from kit.contracts import ids
from kit.db.store import Session
from kit.messaging.batch import Batch
from kit.messaging.outbox import route
from kit.messaging.positions import ensure
from kit.messaging.records import ClusterPartition, decoded
from kit.messaging.subscriptions import subscriptions_of


class DatedEvent(NamedTuple):
    """An event, when it happened, and the version of its aggregate."""

    event: Message
    time: datetime
    sequence: int


class Record(NamedTuple):
    """What Kafka hands out."""

    topic: str
    partition: int
    offset: int
    key: bytes | None
    value: bytes | None
    headers: tuple[tuple[str, bytes | None], ...]


def a_record(
    dated: DatedEvent, *, offset: int, id: UUID | None = None, partition: int = 0
) -> Record:
    """The record of an event, with the headers of the outbox."""
    where = route(type(dated.event))
    key, event_id = where.key(dated.event), str(id or ids.new())
    headers = {
        "content-type": "application/protobuf",
        "ce_specversion": "1.0",
        "ce_id": event_id,
        "ce_source": f"/eldercare/test/{where.aggregate}/{key}",
        "ce_type": where.type,
        "ce_subject": key,
        "ce_time": dated.time.isoformat(timespec="microseconds").replace("+00:00", "Z"),
        "ce_recordedtime": dated.time.isoformat(),
        "ce_partitionkey": key,
        "ce_sequence": f"{dated.sequence:020d}",
        "ce_correlationid": event_id,
        "traceparent": f"00-{event_id.replace('-', '')}-00f067aa0ba902b7-01",
    }
    pairs = tuple((name, value.encode()) for name, value in headers.items())
    return Record(
        where.topic, partition, offset, key.encode(), dated.event.SerializeToString(), pairs
    )


def records(events: Sequence[DatedEvent]) -> Iterator[Record]:
    """Records in this order, offsets rising in each topic."""
    offsets: dict[str, int] = {}
    for one in events:
        topic = route(type(one.event)).topic
        offsets[topic] = offsets.get(topic, -1) + 1
        yield a_record(one, offset=offsets[topic])


async def dispatched(session: Session, records: Sequence[Record]) -> None:
    """Reads records as one batch of the consumer does: bytes, dispatch, rows."""
    items = [decoded("tests", record, subscriptions_of(GROUP), archived=True) for record in records]
    batch = Batch(session, GROUP, archive=keep)
    places = {ClusterPartition("tests", record.topic, record.partition): 0 for record in records}
    await ensure(await session.driver(), GROUP, places)
    await batch.lock(places)
    await batch.read(items)
    await batch.move()
