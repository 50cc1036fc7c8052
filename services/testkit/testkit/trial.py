"""A small world to try the read path on: two event types, the tables they lead to, a handler that
fails to order.

As a program, `python -m testkit.trial DSN KAFKA GROUP SESSION_MS [MEMBER]`, it is one more
replica of the group, to be stopped, frozen and killed.
"""

import asyncio
import sys
from collections.abc import AsyncIterator, Iterable, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import NamedTuple, TypedDict, Unpack
from uuid import UUID

from aiokafka import AIOKafkaProducer
from google.protobuf.message import Message
from sqlalchemy import BigInteger, Column, Identity
from sqlalchemy.schema import CreateTable
from sqlmodel import Field, select

from kit.contracts import ids
from kit.contracts.clock import Clock
from kit.contracts.phrases import Phrase
from kit.contracts.refusals import Refusal
from kit.db.store import Session, Store
from kit.db.tables import TableBase
from kit.messaging.consumers import Consumers
from kit.messaging.failures import Limits
from kit.messaging.outbox import route
from kit.messaging.subscriptions import (
    Archive,
    Fact,
    MissingDependency,
    Prefetch,
    on,
    replicate,
)
from testkit.trial_contract import COUNTS as COUNTS
from testkit.trial_contract import HOUSES as HOUSES
from testkit.trial_contract import Counted as Counted
from testkit.trial_contract import House as House
from testkit.trial_contract import HouseKept as HouseKept
from testkit.trial_contract import Ignored as Ignored


class HouseRow(TableBase, table=True):
    __module__ = "trial"
    __tablename__ = "house"

    house_id: UUID = Field(primary_key=True)
    label: str
    floors: int
    version: int = 0


class Counter(TableBase, table=True):
    __module__ = "trial"

    counter_id: UUID = Field(primary_key=True)
    total: int = 0
    version: int = 0


class Entry(TableBase, table=True):
    """One effect; two of one event would show."""

    __module__ = "trial"

    entry_id: int | None = Field(
        default=None, sa_column=Column(BigInteger, Identity(), primary_key=True)
    )
    counter_id: UUID
    event_id: UUID
    sequence: int
    amount: int


class Unwelcome(Refusal):
    """The event's mood is `refuse`."""

    text = Phrase("an event of this mood is unwelcome", "不接受这种事件")


faults = {"break", "refuse"}  # moods that fail; taking one out repairs the handler


def listen(group: str) -> None:
    """Registers the handlers for one group."""

    @on(HouseKept, group=group, replica=HouseRow)
    async def keep(event: HouseKept, session: Session) -> None:
        await replicate(session, event.house, HouseRow)

    def needs(event: Counted) -> Iterable[Prefetch]:
        yield Prefetch(Counter, UUID(event.counter_id))
        if event.house_id and event.mood != "ask":
            yield Prefetch(HouseRow, UUID(event.house_id), required=True)

    @on(Counted, group=group, prefetch=needs)
    async def count(event: Counted, session: Session, fact: Fact) -> None:
        counter = await session.get(Counter, UUID(event.counter_id))
        if counter is None:
            session.add(counter := Counter(counter_id=UUID(event.counter_id)))
        counter.total += event.amount
        session.add(
            Entry(
                counter_id=counter.counter_id,
                event_id=UUID(fact.id),
                sequence=fact.sequence,
                amount=event.amount,
            )
        )
        await _moods(event, session)


async def _moods(event: Counted, session: Session) -> None:
    if event.mood == "ask" and await session.get(HouseRow, UUID(event.house_id)) is None:
        raise MissingDependency(HouseRow, UUID(event.house_id))
    if event.mood in faults:
        await session.flush()  # what it has done by now must be undone
        raise Unwelcome() if event.mood == "refuse" else ValueError("broken to order")
    if event.mood.startswith("hang:") and _first(Path(event.mood.removeprefix("hang:"))):
        await asyncio.sleep(3600)


def _first(marker: Path) -> bool:
    """True for whoever comes first; the marker tells everybody."""
    try:
        marker.touch(exist_ok=False)
    except FileExistsError:
        return False
    return True


class Record(NamedTuple):
    """A record to be sent."""

    topic: str
    key: bytes | None
    value: bytes | None
    headers: list[tuple[str, bytes | None]]


def record(
    event: Message, sequence: int = 1, *, id: UUID | None = None, **headers: bytes | None
) -> Record:
    """An event as the relay sends it; keywords replace headers, with `-` for `_` never needed."""
    where = route(type(event))
    key = where.key(event)
    merged: dict[str, bytes | None] = {
        "content-type": b"application/protobuf",
        "ce_specversion": b"1.0",
        "ce_id": str(id or ids.new()).encode(),
        "ce_source": f"/eldercare/trial/{key}".encode(),
        "ce_type": where.type.encode(),
        "ce_subject": key.encode(),
        "ce_time": b"2026-01-01T00:00:00.000000Z",
        "ce_sequence": f"{sequence:020d}".encode(),
        **headers,
    }
    return Record(where.topic, key.encode(), event.SerializeToString(), list(merged.items()))


def counted(
    counter: UUID,
    sequence: int = 1,
    amount: int = 1,
    *,
    house: UUID | None = None,
    mood: str = "",
    id: UUID | None = None,
    **headers: bytes | None,
) -> Record:
    """A `Counted` event."""
    event = Counted(counter_id=str(counter), amount=amount, house_id=str(house or ""), mood=mood)
    return record(event, sequence, id=id, **headers)


def house(house_id: UUID, sequence: int = 1, floors: int = 1) -> Record:
    """A `HouseKept` event."""
    return record(
        HouseKept(house=House(house_id=str(house_id), label="red", floors=floors)), sequence
    )


async def send(kafka: str, records: Sequence[Record], *, partition: int | None = None) -> None:
    """Sends in order and waits for all acknowledgements."""
    producer = AIOKafkaProducer(bootstrap_servers=kafka, enable_idempotence=True, linger_ms=2)
    await producer.start()
    try:
        futures = [
            await producer.send(
                one.topic, one.value, key=one.key, partition=partition, headers=one.headers
            )
            for one in records
        ]
        await asyncio.gather(*futures)
    finally:
        await producer.stop()


async def tables(store: Store) -> None:
    """Makes the trial's tables beside the kit's."""
    async with store.transaction() as session:
        for table in (HouseRow, Counter, Entry):
            await session.exec(CreateTable(table.__table__))  # type: ignore[union-attr, call-overload]


async def entries(store: Store, counter: UUID | None = None) -> list[Entry]:
    """All effects, or those of one counter, in the order they were written."""
    async with store.reading() as session:
        chosen = select(Entry).order_by(Entry.entry_id)  # type: ignore[arg-type]
        if counter is not None:
            chosen = chosen.where(Entry.counter_id == counter)
        return list((await session.exec(chosen)).all())


class Options(TypedDict, total=False):
    """What `Consumers` takes beside the group."""

    archive: Archive
    batch: int
    limits: Limits
    member: str
    session_ms: int
    expires_s: float


@asynccontextmanager
async def reading(
    store: Store, kafka: str, group: str, **options: Unpack[Options]
) -> AsyncIterator[Consumers]:
    """Consumers of a group that listens, until the block ends."""
    consumers = Consumers(group, **options)
    await consumers.start(store, kafka)
    try:
        yield consumers
    finally:
        await consumers.stop()


async def _main(dsn: str, kafka: str, group: str, session_ms: int, member: str | None) -> None:
    listen(group)
    store = Store(dsn, service="trial", clock=Clock())
    consumers = Consumers(group, batch=20, session_ms=session_ms, member=member)
    await consumers.start(store, kafka)
    await consumers.wait()


if __name__ == "__main__":
    asyncio.run(
        _main(
            sys.argv[1],
            sys.argv[2],
            sys.argv[3],
            int(sys.argv[4]),
            sys.argv[5] if len(sys.argv) > 5 else None,
        )
    )
