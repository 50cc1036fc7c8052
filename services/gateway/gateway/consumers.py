"""Keeps every event that providers may read, under one contiguous position."""

import json
from typing import Any
from uuid import UUID

from eldercare.dispatch.v1 import events_pb2 as dispatch
from eldercare.supervision.v1 import events_pb2 as supervision
from google.protobuf.message import Message

from gateway import transcode
from gateway.tables import FeedEvent, FeedHead
from kit.contracts import ids
from kit.contracts.clock import Clock
from kit.db.store import Session
from kit.messaging.subscriptions import Fact, on_batch

HEAD = 1


@on_batch(
    dispatch.OrderAssigned,
    dispatch.OrderAccepted,
    dispatch.OrderDeclined,
    dispatch.OrderStarted,
    dispatch.OrderFinished,
    dispatch.OrderCancelled,
    supervision.SettlementHeld,
    supervision.SettlementApproved,
    supervision.SettlementRefused,
    group="gateway",
)
async def keep(events: list[tuple[Any, Fact]], session: Session) -> None:
    """Appends what concerns an organisation; the head's lock is held until the commit, so that
    positions appear in their order.
    """
    told = [
        (event, fact) for event, fact in events if event.organisation_id
    ]  # an order nobody was offered concerns no firm
    if not told:
        return
    head = await session.get(FeedHead, HEAD, with_for_update=True)
    if head is None:
        head = FeedHead(head_id=HEAD, epoch=ids.new())
        session.add(head)
    for event, fact in told:
        head.position += 1
        session.add(
            FeedEvent(
                position=head.position,
                organisation_id=UUID(event.organisation_id),
                event_id=UUID(fact.id),
                body=cloud_event(event, fact),
                heard_at=Clock.real(),
            )
        )


def cloud_event(event: Message, fact: Fact) -> str:
    """CloudEvents 1.0 structured JSON. Source: CloudEvents JSON event format, 1.0.2."""
    return json.dumps(
        {
            "specversion": "1.0",
            "id": fact.id,
            "source": fact.source,
            "type": fact.type,
            "subject": fact.subject,
            "time": fact.time.isoformat().replace("+00:00", "Z"),
            "sequence": f"{fact.sequence:020}",
            "datacontenttype": "application/json",
            "data": transcode.document(event),
        },
        ensure_ascii=False,
        separators=(",", ":"),
    )
