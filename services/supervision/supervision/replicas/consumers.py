"""Kafka in: which orders exist, and who works."""

from uuid import UUID

from eldercare.dispatch.v1.events_pb2 import OrderAssigned, OrderPlaced
from eldercare.facility.v1.events_pb2 import WorkerChanged, WorkerLeft, WorkerRegistered

from kit.db.store import Session
from kit.messaging.subscriptions import Prefetch, on, replicate
from supervision.replicas import flows
from supervision.replicas.tables import Order, Worker
from supervision.settings import GROUP


def _order(event: OrderPlaced | OrderAssigned) -> list[Prefetch]:
    return [Prefetch(Order, UUID(event.order_id))]


@on(OrderPlaced, OrderAssigned, group=GROUP, prefetch=_order)
async def replicate_order(event: OrderPlaced | OrderAssigned, session: Session) -> None:
    await flows.replicate_order(session, event)


@on(WorkerRegistered, WorkerChanged, WorkerLeft, group=GROUP, replica=Worker)
async def replicate_worker(
    event: WorkerRegistered | WorkerChanged | WorkerLeft, session: Session
) -> None:
    await replicate(session, event.worker, Worker)
