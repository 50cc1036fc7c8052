"""Kafka and the business clock in: whom dispatch may visit, who may be sent, and what is due.

Timers that also need a neighbour or the solver are in `duties.py`.
"""

from uuid import UUID

from eldercare.assessment.v1.events_pb2 import Elder as ElderState
from eldercare.assessment.v1.events_pb2 import ElderChanged, ElderDied, ElderRegistered
from eldercare.facility.v1.events_pb2 import (
    OrganisationChanged,
    OrganisationRegistered,
    WorkerChanged,
    WorkerLeft,
    WorkerRegistered,
)
from eldercare.facility.v1.events_pb2 import Worker as WorkerState

from dispatch.flows import contacts, county_day, offers, planning
from dispatch.rules.orders import Cause
from dispatch.tables import Elder, Organisation, Worker
from kit.db.store import Session
from kit.messaging.subscriptions import on, replicate
from kit.runtime.timers import timer

GROUP = "dispatch"
GONE = {ElderState.STATUS_DEAD: Cause.DEATH, ElderState.STATUS_MOVED_OUT: Cause.MOVED_OUT}


@on(ElderRegistered, ElderChanged, ElderDied, group=GROUP, replica=Elder)
async def replicate_elder(
    event: ElderRegistered | ElderChanged | ElderDied, session: Session
) -> None:
    await replicate(session, event.elder, Elder)
    elder_id = UUID(event.elder.elder_id)
    if cause := GONE.get(event.elder.status):
        await offers.cancel_open_orders(session, elder_id, cause)
    elif isinstance(event, ElderChanged):
        await contacts.ask_anew(session, elder_id)


@on(OrganisationRegistered, OrganisationChanged, group=GROUP, replica=Organisation)
async def replicate_organisation(
    event: OrganisationRegistered | OrganisationChanged, session: Session
) -> None:
    await replicate(session, event.organisation, Organisation)


@on(WorkerRegistered, WorkerChanged, WorkerLeft, group=GROUP, replica=Worker)
async def replicate_worker(
    event: WorkerRegistered | WorkerChanged | WorkerLeft, session: Session
) -> None:
    await replicate(session, event.worker, Worker)
    if event.worker.status == WorkerState.STATUS_LEFT:
        await offers.reoffer_orders_of_leaver(session, UUID(event.worker.worker_id))
    else:
        await planning.ensure_planned(session, county_day.county_of(event.worker.area_code))


@timer("offer", group=GROUP)
async def offer(session: Session, key: str) -> None:
    await offers.offer(session, UUID(key))


@timer("answer", group=GROUP)
async def expire(session: Session, key: str) -> None:
    await offers.expire(session, UUID(key))


@timer("missed", group=GROUP)
async def miss(session: Session, key: str) -> None:
    await offers.miss(session, UUID(key))
