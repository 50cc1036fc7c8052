"""Kafka in: finished visits."""

from uuid import UUID

from eldercare.dispatch.v1.events_pb2 import OrderFinished

from kit.db.store import Session
from kit.messaging.subscriptions import Prefetch, on
from supervision.replicas.tables import Worker
from supervision.settings import GROUP
from supervision.settlements import flows


def _worker(event: OrderFinished) -> list[Prefetch]:
    """The worker's row is the lock: two visits of one worker are judged one after the other, or an
    overlap could pass unseen.
    """
    return [Prefetch(Worker, UUID(event.worker_id), required=True)]


@on(OrderFinished, group=GROUP, prefetch=_worker)
async def judge(event: OrderFinished, session: Session) -> None:
    await flows.judge(session, event)
