"""Says the full state of organisations, facilities and workers again; `eldercare resay organisation`."""

import asyncio
from collections.abc import Callable
from typing import Any

from eldercare.facility.v1 import events_pb2 as said
from sqlmodel import select

from facility.flows import facilities, organisations, workers
from facility.rules import FacilityStatus, WorkerStatus
from facility.tables import Facility, Organisation, Worker
from kit.outbox import emit
from kit.store import Store


def _organisation(row: Organisation) -> Any:
    kind = said.OrganisationRegistered if row.version == 1 else said.OrganisationChanged
    return kind(organisation=organisations.public(row))


def _facility(row: Facility) -> Any:
    first = said.FacilityOpened if row.version == 1 else said.FacilityChanged
    return (said.FacilityClosed if row.status is FacilityStatus.CLOSED else first)(facility=facilities.public(row))


def _worker(row: Worker) -> Any:
    first = said.WorkerRegistered if row.version == 1 else said.WorkerChanged
    return (said.WorkerLeft if row.status is WorkerStatus.LEFT else first)(worker=workers.public(row))


_SAYS: dict[str, tuple[Any, Any, Callable[[Any], Any]]] = {
    "organisation": (Organisation, Organisation.organisation_id, _organisation),
    "facility": (Facility, Facility.facility_id, _facility),
    "worker": (Worker, Worker.worker_id, _worker),
}
AGGREGATES = tuple(_SAYS)


async def resay(store: Store, aggregate: str, *, at_once: int = 500, pause_s: float = 0.2) -> int:
    """Says every row of an aggregate at its present version and returns how many; nothing is changed, and listeners that are up to date
    skip it.

    at_once: rows of one transaction. pause_s: rest between two, so that the outbox and live traffic keep pace.
    Raises: LookupError for an aggregate that is not this service's.
    """
    if aggregate not in _SAYS:
        raise LookupError(f"this service says {', '.join(AGGREGATES)} again, not {aggregate}")
    table, key, event_of = _SAYS[aggregate]
    last, count = None, 0
    while True:
        async with store.transaction() as session:
            wanted = select(table).order_by(key).limit(at_once).with_for_update()
            rows = (await session.exec(wanted.where(key > last) if last else wanted)).all()
            for row in rows:
                emit(session, event_of(row), sequence=row.version)
        if not rows:
            return count
        last, count = getattr(rows[-1], key.key), count + len(rows)
        await asyncio.sleep(pause_s)
