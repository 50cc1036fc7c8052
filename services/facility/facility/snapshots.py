"""What this service can publish again."""

from eldercare.facility.v1 import events_pb2 as events

from facility.facilities import flows as facilities
from facility.facilities.rules import FacilityStatus
from facility.facilities.tables import Facility
from facility.organisations import flows as organisations
from facility.organisations.tables import Organisation
from facility.workers import flows as workers
from facility.workers.rules import WorkerStatus
from facility.workers.tables import Worker
from kit.messaging.snapshots import SnapshotSource


def _organisation(
    row: Organisation,
) -> events.OrganisationRegistered | events.OrganisationChanged:
    state = organisations.public(row)
    if row.version == 1:
        return events.OrganisationRegistered(organisation=state)
    return events.OrganisationChanged(organisation=state)


def _facility(
    row: Facility,
) -> events.FacilityOpened | events.FacilityChanged | events.FacilityClosed:
    state = facilities.public(row)
    if row.status is FacilityStatus.CLOSED:
        return events.FacilityClosed(facility=state)
    if row.version == 1:
        return events.FacilityOpened(facility=state)
    return events.FacilityChanged(facility=state)


def _worker(row: Worker) -> events.WorkerRegistered | events.WorkerChanged | events.WorkerLeft:
    state = workers.public(row)
    if row.status is WorkerStatus.LEFT:
        return events.WorkerLeft(worker=state)
    if row.version == 1:
        return events.WorkerRegistered(worker=state)
    return events.WorkerChanged(worker=state)


SNAPSHOT_SOURCES = {
    "organisation": SnapshotSource(Organisation, _organisation),
    "facility": SnapshotSource(Facility, _facility),
    "worker": SnapshotSource(Worker, _worker),
}
