"""Appends events under contiguous positions, removes old ones, and begins anew after a restore."""

import asyncio
import json
from collections.abc import Sequence
from datetime import datetime, timedelta
from itertools import takewhile
from uuid import UUID

from eldercare.dispatch.v1 import events_pb2 as dispatch
from eldercare.facility.v1 import events_pb2 as facility
from eldercare.subsidy.v1 import events_pb2 as subsidy
from eldercare.supervision.v1 import events_pb2 as supervision
from google.protobuf.message import Message

from gateway.contracts import transcode
from gateway.feed.tables import HEAD, FeedEvent, FeedHead, FeedRestore
from kit.contracts import ids
from kit.contracts.clock import Clock
from kit.db.store import Session, Store
from kit.messaging.subscriptions import Fact

KEPT = timedelta(days=30)
BATCH = 2000  # the head is locked meanwhile: about 20 ms

OrderEvent = (
    dispatch.OrderAssigned
    | dispatch.OrderAccepted
    | dispatch.OrderDeclined
    | dispatch.OrderStarted
    | dispatch.OrderFinished
    | dispatch.OrderCancelled
    | dispatch.BackEntryFiled
    | dispatch.BackEntryDecided
    | dispatch.ShareReceipted
    | dispatch.ShareRefunded
)
OrganisationEvent = (
    OrderEvent
    | supervision.SettlementHeld
    | supervision.SettlementApproved
    | supervision.SettlementRefused
    | supervision.SettlementReleased
    | supervision.SettlementAppealed
    | supervision.SettlementClosed
    | facility.StayCharged
    | facility.StayChargeApproved
    | facility.StayChargeRefused
    | facility.StayShareReceipted
    | subsidy.StayChargeSettled
    | subsidy.RecoveryOpened
    | subsidy.RecoveryRepaid
    | subsidy.RecoveryDeferred
    | subsidy.RecoveryWaived
    | subsidy.RecoveryWithdrawn
)


async def append(session: Session, events: Sequence[tuple[OrganisationEvent, Fact]]) -> None:
    """Appends what concerns an organisation; the head's lock is held until the commit, so that
    positions appear in their order.
    """
    # an order that nobody was offered concerns no organisation
    concerned = [(event, fact) for event, fact in events if event.organisation_id]
    if not concerned:
        return
    head = await session.get(FeedHead, HEAD, with_for_update=True)
    if head is None:
        head = FeedHead(head_id=HEAD, epoch=ids.new())
        session.add(head)
    for event, fact in concerned:
        head.position += 1
        row = FeedEvent(
            position=head.position,
            organisation_id=UUID(event.organisation_id),
            worker_id=_worker_of(event),
            event_id=UUID(fact.id),
            body=cloud_event(event, fact),
            heard_at=Clock.real(),
        )
        session.add(row)


def _worker_of(event: OrganisationEvent) -> UUID | None:
    """The worker of an order; how the organisation's visits are judged is not for its workers."""
    if not isinstance(event, OrderEvent) or not event.worker_id:
        return None
    return UUID(event.worker_id)


def cloud_event(event: Message, fact: Fact) -> str:
    """CloudEvents 1.0 structured JSON. Source: CloudEvents JSON event format, 1.0.2."""
    document = {
        "specversion": "1.0",
        "id": fact.id,
        "source": fact.source,
        "type": fact.type,
        "subject": fact.subject,
        "time": fact.time.isoformat().replace("+00:00", "Z"),
        "sequence": f"{fact.sequence:020}",
        "datacontenttype": "application/json",
        "data": transcode.document(event),
    }
    return json.dumps(document, ensure_ascii=False, separators=(",", ":"))


async def remove_old(store: Store, *, kept: timedelta = KEPT, batch: int = BATCH) -> int:
    """Removes what was consumed longer ago, in real time, the oldest first and in small batches, so
    that what is kept has no gap. Returns how many events left.
    """
    before = store.clock.real() - kept
    removed = 0
    while count := await _remove_batch(store, before, batch):
        removed += count
        if count < batch:
            break
        await asyncio.sleep(0.05)
    return removed


async def _remove_batch(store: Store, before: datetime, most: int) -> int:
    async with store.transaction() as session:
        driver = await session.driver()
        last = await driver.fetchval(
            "select gone from feed_head where head_id = $1 for update", HEAD
        )
        if last is None:
            return 0
        rows = await driver.fetch(
            "select position, heard_at from feed_event "
            "where position > $1 order by position limit $2",
            last,
            most,
        )
        old = list(takewhile(lambda row: row["heard_at"] < before, rows))
        if old:
            last = old[-1]["position"]
            await driver.execute("delete from feed_event where position <= $1", last)
            await driver.execute("update feed_head set gone = $1 where head_id = $2", last, HEAD)
        return len(old)


async def begin_epoch(session: Session, restored: int) -> None:
    """Notes how far the feed of the lost epoch is true, and begins another one.

    restored: number of the new epoch.
    """
    head = await session.get(FeedHead, HEAD, with_for_update=True)
    if head is not None and await session.get(FeedRestore, restored) is None:
        session.add(FeedRestore(restored=restored, epoch=head.epoch, position=head.position))
        head.epoch = ids.new()
