"""Opens and closes places of care."""

from uuid import UUID

from eldercare.facility.v1 import api_pb2 as api
from eldercare.facility.v1 import events_pb2 as said

from facility.errors import FacilityIsClosed, OrganisationClosed, StillLivedIn, TooManyNursingBeds
from facility.flows import lookups
from facility.flows.organisations import check_area
from facility.ground import Ground
from facility.rules import FacilityStatus, OrganisationStatus
from facility.tables import Bed, Facility, Organisation
from kit.contracts import ids, wire
from kit.contracts.clock import local_day
from kit.contracts.refusals import NotFound
from kit.db.store import Session
from kit.messaging.outbox import emit
from kit.security.access import Caller


async def open_(
    session: Session, command: api.OpenFacility, caller: Caller, ground: Ground
) -> said.FacilityOpened:
    """Opens a facility with its beds, the nursing beds last."""
    check_area(command.area_code, caller, ground)
    if command.nursing_beds > command.beds:
        raise TooManyNursingBeds(command.nursing_beds, command.beds)
    organisation = await session.get(Organisation, UUID(command.organisation_id))
    if organisation is None:
        raise NotFound(Organisation, command.organisation_id, field="organisation_id")
    if organisation.status is not OrganisationStatus.ACTIVE:
        raise OrganisationClosed(organisation.organisation_id)
    row = wire.row(
        Facility, command, facility_id=ids.new(), opened_at=session.now, status=FacilityStatus.OPEN
    )
    session.add(row)
    told = emit(session, said.FacilityOpened(facility=public(row)), row)
    plain = row.beds - row.nursing_beds
    await (await session.driver()).copy_records_to_table(
        "bed",
        columns=tuple(Bed.model_fields),
        records=[
            (ids.new(), row.facility_id, row.organisation_id, row.area_code, number >= plain)
            for number in range(row.beds)
        ],
    )
    return told


async def close(
    session: Session, command: api.CloseFacility, caller: Caller
) -> said.FacilityClosed:
    """Closes a facility in which nobody stays; its lock keeps admissions out meanwhile."""
    row = await session.get_locked(Facility, UUID(command.facility_id), caller)
    if row.status is FacilityStatus.CLOSED:
        raise FacilityIsClosed(row.facility_id)
    if residents := await lookups.residents(session, row.facility_id, local_day(session.now)):
        raise StillLivedIn(row.facility_id, residents)
    row.status = FacilityStatus.CLOSED
    return emit(session, said.FacilityClosed(facility=public(row)), row)


def public(row: Facility) -> said.Facility:
    """The public state."""
    return wire.message(said.Facility, row)
