"""Delivers events to a service as Kafka would, byte by byte, and fires its timers. Polling itself
is tested by the kit's own suite.
"""

from collections import Counter
from collections.abc import Sequence
from datetime import datetime
from itertools import count
from uuid import UUID

from google.protobuf.message import Message

from kit.contracts import ids
from kit.db.store import Session, Store
from kit.messaging import positions
from kit.messaging.batch import Batch
from kit.messaging.outbox import route
from kit.messaging.records import ClusterPartition, Kept, decoded
from kit.messaging.subscriptions import subscriptions_of
from kit.runtime.timers import Timers

_offsets = count()
_sequences = count(1)


def a_record(event: Message, now: datetime, *, event_id: UUID | None = None) -> Kept:
    """The event as a record of Kafka; its sequence is above that of every record made before."""
    where = route(type(event))
    headers = {
        "ce_id": str(event_id or ids.new()),
        "ce_source": f"/eldercare/tests/{where.aggregate}",
        "ce_type": where.type,
        "ce_subject": where.key(event),
        "ce_time": now.isoformat().replace("+00:00", "Z"),
        "ce_sequence": f"{next(_sequences):020d}",
    }
    return Kept(
        where.topic,
        0,
        next(_offsets),
        where.key(event).encode(),
        event.SerializeToString(),
        [(name, value.encode()) for name, value in headers.items()],
    )


async def deliver(
    store: Store, group: str, *events: Message, careful: bool = False
) -> Counter[str]:
    """Delivers events as one batch in a transaction of its own; returns how many met each
    disposition, by its name.
    """
    return await deliver_records(
        store, group, [a_record(event, store.clock.now()) for event in events], careful=careful
    )


async def deliver_records(
    store: Store, group: str, records: Sequence[Kept], *, careful: bool = False
) -> Counter[str]:
    """Delivers records; the same ones again are repetitions."""
    async with store.transaction() as session:
        return await apply(session, group, records, careful=careful)


async def apply(
    session: Session, group: str, records: Sequence[Kept], *, careful: bool = False
) -> Counter[str]:
    """Applies records as the kit's dispatcher does, inside a transaction in progress.

    careful: as after a failure of the whole, which is raised otherwise: each part in a savepoint,
    and what fails is parked or waits.
    """
    items = [decoded("tests", record, subscriptions_of(group)) for record in records]
    batch = Batch(session, group, careful=careful)
    places = {ClusterPartition("tests", record.topic, 0): 0 for record in records}
    await positions.ensure(await session.driver(), group, places)
    await batch.lock(places)
    await batch.read(items)
    await batch.move()
    return Counter(fate.name for fate in batch.written)


async def fire(store: Store, group: str) -> int:
    """Fires what is due now, and what that makes due, until nothing is; returns how many timers
    fired.
    """
    timers = Timers(store, group)
    while await timers.fire():
        pass
    return timers.fired
