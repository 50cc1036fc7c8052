"""Kafka in: elders, and visits that are refused for good. Who dies or moves out is visited no more,
unless it turns out to be a mistake; an order follows who moves.
"""

from uuid import UUID

from eldercare.assessment.v1.events_pb2 import Elder as ElderState
from eldercare.assessment.v1.events_pb2 import ElderChanged, ElderDied, ElderRegistered
from eldercare.supervision.v1.events_pb2 import SettlementClosed

from dispatch.orders.flows import contacts, offers, receipts, restoring
from dispatch.orders.rules import Cause
from dispatch.orders.tables import Order
from dispatch.replicas.tables import Elder
from dispatch.settings import GROUP
from kit.db.store import Session
from kit.messaging.subscriptions import Prefetch, on, replicate

NOT_SERVED = {
    ElderState.STATUS_DEAD: Cause.DEATH,
    ElderState.STATUS_MOVED_OUT: Cause.MOVED_OUT,
}


@on(ElderRegistered, ElderChanged, ElderDied, group=GROUP, replica=Elder)
async def replicate_elder(
    event: ElderRegistered | ElderChanged | ElderDied, session: Session
) -> None:
    elder_id = UUID(event.elder.elder_id)
    known = await session.get(Elder, elder_id)
    was_gone = known is not None and known.status in NOT_SERVED
    await replicate(session, event.elder, Elder)
    if cause := NOT_SERVED.get(event.elder.status):
        await offers.cancel_open_orders(session, elder_id, cause)
    elif was_gone and event.elder.HasField("effective_on"):
        await restoring.restore_orders(session, elder_id)
    elif isinstance(event, ElderChanged):
        await contacts.renew_later(session, elder_id)


@on(
    SettlementClosed,
    group=GROUP,
    prefetch=lambda event: [Prefetch(Order, UUID(event.order_id), required=True)],
)
async def refuse(event: SettlementClosed, session: Session) -> None:
    await receipts.refuse(session, event)
