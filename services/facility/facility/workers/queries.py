"""Selects → replies; lists begin with the caller's scope."""

from uuid import UUID

from eldercare.facility.v1 import api_pb2 as api
from eldercare.facility.v1 import events_pb2 as events
from sqlmodel import col, select

from facility.context import PAGE
from facility.workers.tables import Worker
from kit.contracts import wire
from kit.db.paging import page
from kit.db.store import Session
from kit.security import access
from kit.security.access import Caller


async def worker(session: Session, question: api.GetWorker, caller: Caller) -> events.Worker:
    """One worker."""
    key = UUID(question.worker_id)
    row = await session.get_seen(
        Worker, key, caller, area="area_code", organisation="organisation_id"
    )
    return wire.message(events.Worker, row)


async def workers(session: Session, question: api.ListWorkers, caller: Caller) -> api.WorkerPage:
    """A page of workers."""
    wanted = access.scoped(
        select(Worker), caller, area=Worker.area_code, organisation=Worker.organisation_id
    )
    if question.HasField("area_code"):
        inside = access.area_range(question.area_code)
        wanted = wanted.where(col(Worker.area_code).between(*inside))
    if question.HasField("organisation_id"):
        wanted = wanted.where(Worker.organisation_id == UUID(question.organisation_id))
    rows, then = await page(session, wanted, Worker.worker_id, question, PAGE)
    return api.WorkerPage(rows=[wire.message(events.Worker, row) for row in rows], next=then)
