"""Kafka in: orders, finished visits, workers."""

from uuid import UUID

from eldercare.dispatch.v1.events_pb2 import OrderAssigned, OrderFinished, OrderPlaced
from eldercare.facility.v1.events_pb2 import WorkerChanged, WorkerLeft, WorkerRegistered

from kit.db.store import Session
from kit.messaging.subscriptions import Prefetch, on, replicate
from supervision import flows
from supervision.tables import Order, Worker

GROUP = "supervision"


@on(
    OrderPlaced,
    OrderAssigned,
    group=GROUP,
    prefetch=lambda event: [Prefetch(Order, UUID(event.order_id))],
)
async def replicate_order(event: OrderPlaced | OrderAssigned, session: Session) -> None:
    await flows.replicate_order(session, event)


# the worker's row is the lock: two visits of one worker are judged one after the other, or an
# overlap could pass unseen
@on(
    OrderFinished,
    group=GROUP,
    prefetch=lambda event: [Prefetch(Worker, UUID(event.worker_id), required=True)],
)
async def judge(event: OrderFinished, session: Session) -> None:
    await flows.judge(session, event)


@on(WorkerRegistered, WorkerChanged, WorkerLeft, group=GROUP, replica=Worker)
async def replicate_worker(
    event: WorkerRegistered | WorkerChanged | WorkerLeft, session: Session
) -> None:
    await replicate(session, event.worker, Worker)
