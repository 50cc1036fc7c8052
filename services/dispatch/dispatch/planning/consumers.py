"""Kafka in: organisations and workers. A county with workers is planned; who leaves leaves no
promise behind, nor does a certificate beyond its last day, nor an organisation for days on which it
is suspended or closed.
"""

from datetime import date
from uuid import UUID

from eldercare.facility.v1.events_pb2 import (
    OrganisationChanged,
    OrganisationRegistered,
    WorkerChanged,
    WorkerLeft,
    WorkerRegistered,
)
from eldercare.facility.v1.events_pb2 import Worker as WorkerState

from dispatch.orders.flows import offers
from dispatch.planning.flows import county_day, day_plan
from dispatch.replicas.tables import Organisation, Worker
from dispatch.settings import GROUP
from kit.db.store import Session
from kit.messaging.subscriptions import on, replicate


@on(OrganisationRegistered, OrganisationChanged, group=GROUP, replica=Organisation)
async def replicate_organisation(
    event: OrganisationRegistered | OrganisationChanged, session: Session
) -> None:
    await offers.reoffer_orders_of_organisation(
        session, await replicate(session, event.organisation, Organisation)
    )


@on(WorkerRegistered, WorkerChanged, WorkerLeft, group=GROUP, replica=Worker)
async def replicate_worker(
    event: WorkerRegistered | WorkerChanged | WorkerLeft, session: Session
) -> None:
    await replicate(session, event.worker, Worker)
    if event.worker.status == WorkerState.STATUS_LEFT:
        await offers.reoffer_orders_of_leaver(session, UUID(event.worker.worker_id))
    else:
        if event.worker.HasField("certified_until"):
            last_day = date.fromisoformat(event.worker.certified_until)
            worker_id = UUID(event.worker.worker_id)
            await offers.reoffer_orders_after(session, worker_id, last_day)
        await day_plan.ensure_planned(session, county_day.county_of(event.worker.area_code))
