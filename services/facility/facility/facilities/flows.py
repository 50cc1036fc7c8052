"""Opens and closes places of care."""

from datetime import date
from uuid import UUID

from eldercare.facility.v1 import api_pb2 as api
from eldercare.facility.v1 import events_pb2 as events
from sqlalchemy import func, or_
from sqlmodel import col, select

from facility.context import Context
from facility.facilities.errors import FacilityIsClosed, StillLivedIn, TooManyNursingBeds
from facility.facilities.rules import FacilityStatus
from facility.facilities.tables import Bed, Facility
from facility.organisations.errors import OrganisationClosed
from facility.organisations.flows import check_area
from facility.organisations.rules import OrganisationStatus
from facility.organisations.tables import Organisation
from facility.stays.tables import Stay
from kit.contracts import ids, wire
from kit.contracts.clock import local_day
from kit.contracts.refusals import NotFound
from kit.db.store import Session
from kit.messaging.outbox import emit
from kit.security.access import Caller


async def open_(
    session: Session, command: api.OpenFacility, caller: Caller, context: Context
) -> events.FacilityOpened:
    """Opens a facility with its beds, the nursing beds last."""
    check_area(command.area_code, caller, context)
    if command.nursing_beds > command.beds:
        raise TooManyNursingBeds(nursing_beds=command.nursing_beds, beds=command.beds)
    organisation = await session.get(Organisation, UUID(command.organisation_id))
    if organisation is None:
        raise NotFound(Organisation, command.organisation_id, field="organisation_id")
    if organisation.status is not OrganisationStatus.ACTIVE:
        raise OrganisationClosed(organisation_id=organisation.organisation_id)
    row = wire.row(
        Facility, command, facility_id=ids.new(), opened_at=session.now, status=FacilityStatus.OPEN
    )
    session.add(row)
    event = emit(session, events.FacilityOpened(facility=public(row)), row)
    await _copy_beds(session, row)
    return event


async def close(
    session: Session, command: api.CloseFacility, caller: Caller
) -> events.FacilityClosed:
    """Closes a facility in which nobody stays; its lock keeps admissions out meanwhile."""
    row = await session.get_locked(Facility, UUID(command.facility_id), caller)
    if row.status is FacilityStatus.CLOSED:
        raise FacilityIsClosed(facility_id=row.facility_id)
    residents = await _residents(session, row.facility_id, local_day(session.now))
    if residents:
        raise StillLivedIn(facility_id=row.facility_id, residents=residents)
    row.status = FacilityStatus.CLOSED
    return emit(session, events.FacilityClosed(facility=public(row)), row)


def public(row: Facility) -> events.Facility:
    """The public state."""
    return wire.message(events.Facility, row)


async def _copy_beds(session: Session, row: Facility) -> None:
    """Copies the beds in at once: a large house has a thousand."""
    plain = row.beds - row.nursing_beds
    records = [
        (ids.new(), row.facility_id, row.organisation_id, row.area_code, number >= plain)
        for number in range(row.beds)
    ]
    driver = await session.driver()
    await driver.copy_records_to_table("bed", columns=tuple(Bed.model_fields), records=records)


async def _residents(session: Session, facility_id: UUID, today: date) -> int:
    """Elders who stay in the facility today or later."""
    wanted = select(func.count()).where(
        Stay.facility_id == facility_id,
        or_(col(Stay.ended_on).is_(None), col(Stay.ended_on) > today),
    )
    return (await session.exec(wanted)).one()
