"""Kafka in: finished visits, and what elders say of them."""

from uuid import UUID

from eldercare.dispatch.v1.events_pb2 import OrderFinished, OrderFollowedUp

from kit.db.store import Session
from kit.messaging.subscriptions import Prefetch, on
from supervision.replicas.tables import Order, Worker
from supervision.settings import GROUP
from supervision.settlements.flows import disputes, judging


def _worker(event: OrderFinished) -> list[Prefetch]:
    """The worker's row is the lock: two visits of one worker are judged one after the other, or an
    overlap could pass unseen. The order's row keeps complaints away meanwhile.
    """
    return [
        Prefetch(Worker, UUID(event.worker_id), required=True),
        Prefetch(Order, UUID(event.order_id)),
    ]


@on(OrderFinished, group=GROUP, prefetch=_worker)
async def judge(event: OrderFinished, session: Session) -> None:
    await judging.judge(session, event)


@on(
    OrderFollowedUp,
    group=GROUP,
    prefetch=lambda event: [Prefetch(Order, UUID(event.order_id))],
)
async def follow_up(event: OrderFollowedUp, session: Session) -> None:
    await disputes.follow_up(session, event)
