"""What this service can say again."""

from typing import Any

from eldercare.facility.v1 import events_pb2 as said

from facility.flows import facilities, organisations, workers
from facility.rules import FacilityStatus, WorkerStatus
from facility.tables import Facility, Organisation, Worker
from kit.messaging.snapshots import SnapshotSource


def _organisation(row: Organisation) -> Any:
    kind = said.OrganisationRegistered if row.version == 1 else said.OrganisationChanged
    return kind(organisation=organisations.public(row))


def _facility(row: Facility) -> Any:
    first = said.FacilityOpened if row.version == 1 else said.FacilityChanged
    return (said.FacilityClosed if row.status is FacilityStatus.CLOSED else first)(
        facility=facilities.public(row)
    )


def _worker(row: Worker) -> Any:
    first = said.WorkerRegistered if row.version == 1 else said.WorkerChanged
    return (said.WorkerLeft if row.status is WorkerStatus.LEFT else first)(
        worker=workers.public(row)
    )


SNAPSHOT_SOURCES = {
    "organisation": SnapshotSource(Organisation, _organisation),
    "facility": SnapshotSource(Facility, _facility),
    "worker": SnapshotSource(Worker, _worker),
}
