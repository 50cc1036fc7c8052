"""Registers organisations, changes, suspends, resumes and closes them."""

from datetime import date
from uuid import UUID

from eldercare.facility.v1 import api_pb2 as api
from eldercare.facility.v1 import events_pb2 as events
from sqlalchemy.exc import IntegrityError
from sqlmodel import col, select

from facility import limits
from facility.changes import flows as changes
from facility.changes.rules import Action, is_suspended
from facility.context import Context
from facility.facilities.rules import FacilityStatus
from facility.facilities.tables import Facility
from facility.organisations.errors import (
    AreaUnknown,
    FacilitiesOpen,
    FarFromCounty,
    HalfAPosition,
    KindUnlikeCode,
    KnownAlready,
    NoAreaOfRegistration,
    NoSuchAuthority,
    OrganisationClosed,
    OrganisationSuspended,
    WrongCheckCharacter,
)
from facility.organisations.rules import (
    OrganisationKind,
    OrganisationStatus,
    kinds_of,
)
from facility.organisations.tables import Organisation
from facility.workers import flows as workers
from kit.contracts import areas, ids, numbers, wire
from kit.contracts.clock import local_day
from kit.db.store import Session
from kit.messaging.outbox import emit
from kit.security import access
from kit.security.access import Caller

MOST_NAMED = 5  # of what stands in the way of a closing


async def register(
    session: Session, command: api.RegisterOrganisation, caller: Caller, context: Context
) -> events.OrganisationRegistered:
    """Makes an organisation known by its credit code; two at once with one code: one is refused."""
    _check_code(command, local_day(session.now))
    check_area(command.area_code, caller, context)
    _check_position(command, command.area_code, context)
    row = wire.row(
        Organisation,
        command,
        organisation_id=ids.new(),
        registered_at=session.now,
        status=OrganisationStatus.ACTIVE,
    )
    session.add(row)
    event = emit(session, events.OrganisationRegistered(organisation=public(row)), row)
    try:
        await session.flush()
    except IntegrityError as error:
        raise KnownAlready(field="credit_code", field_name="credit_code") from error
    return event


def _check_code(command: api.RegisterOrganisation, today: date) -> None:
    code, head = command.credit_code, command.credit_code[:2]
    if not code[2:8].isdigit():
        raise NoAreaOfRegistration
    if not numbers.is_credit_code(code):
        raise WrongCheckCharacter(
            field="credit_code", field_name="credit_code", norm="GB 32100-2015"
        )
    heads = limits.register(today)
    by_kind = {
        OrganisationKind.PUBLIC: heads.public_heads,
        OrganisationKind.PRIVATE_NON_PROFIT: heads.private_non_profit_heads,
        OrganisationKind.ENTERPRISE: heads.enterprise_heads,
    }
    kinds = kinds_of(head, by_kind, heads.heads_of_any_kind)
    if not kinds:
        raise NoSuchAuthority(head=head)
    kind = OrganisationKind(command.kind)
    if kind not in kinds:
        raise KindUnlikeCode(head=head, kind=kind.name)


def check_area(area_code: str, caller: Caller, context: Context) -> None:
    """Refuses an area that is not in the city's tree, is larger than a county, or lies outside the
    caller's.
    """
    level = context.areas.level_of(area_code) or areas.PROVINCE
    if level < areas.COUNTY:
        raise AreaUnknown(area_code=area_code)
    access.check(caller, area=area_code, kind="area", key=area_code)


def _check_position(
    command: api.RegisterOrganisation | api.ChangeOrganisation, area_code: str, context: Context
) -> None:
    away_km = context.areas.far_km(area_code, command.lon, command.lat)
    if away_km is not None:
        county = context.areas.name(areas.at(area_code, areas.COUNTY))
        raise FarFromCounty(county=county, away_km=away_km)


async def change(
    session: Session, command: api.ChangeOrganisation, caller: Caller, context: Context
) -> events.OrganisationChanged:
    """Changes its name, where to reach it, and whether it sends workers to homes."""
    changes.check_names_something(command, "organisation_id")
    if command.HasField("lon") != command.HasField("lat"):
        raise HalfAPosition
    row = await _active(session, command, caller)
    if command.HasField("lon"):
        _check_position(command, row.area_code, context)
    before = public(row)
    changes.fill(row, command, ("name", "business_phone", "business_address", "home_services"))
    changes.fill(row, command, ("lon", "lat"))
    return _changed(session, row, Action.CHANGE, command.reason, caller, before)


async def suspend(
    session: Session, command: api.SuspendOrganisation, caller: Caller
) -> events.OrganisationChanged:
    """Nothing new is given to it from a day on."""
    row = await _active(session, command, caller)
    before = public(row)
    changes.suspend(row, command)
    return _changed(session, row, Action.SUSPEND, command.reason, caller, before)


async def resume(
    session: Session, command: api.ResumeOrganisation, caller: Caller
) -> events.OrganisationChanged:
    """Ends its suspension."""
    row = await _active(session, command, caller)
    before = public(row)
    changes.resume(row, command, local_day(session.now))
    return _changed(session, row, Action.RESUME, command.reason, caller, before)


async def close(
    session: Session, command: api.CloseOrganisation, caller: Caller
) -> events.OrganisationChanged:
    """Ends an organisation that operates no facility any more; its workers leave it."""
    row = await _active(session, command, caller)
    since = local_day(row.registered_at)
    closed_on = changes.closing_day(command, since, local_day(session.now))
    await _check_no_facility(session, row.organisation_id)
    before = public(row)
    await workers.leave_all(session, row.organisation_id, closed_on)
    row.status = OrganisationStatus.CLOSED
    row.closed_on = closed_on
    return _changed(session, row, Action.CLOSE, command.reason, caller, before)


def public(row: Organisation) -> events.Organisation:
    """The public state."""
    return wire.message(events.Organisation, row, version=None)


def check_gets_anything(row: Organisation, day: date) -> None:
    """Refuses where nothing new is given to an organisation on a day."""
    if row.status is not OrganisationStatus.ACTIVE:
        raise OrganisationClosed(organisation_id=row.organisation_id)
    if is_suspended(row.suspended_from, row.suspended_to, day):
        raise OrganisationSuspended(organisation_id=row.organisation_id, day=day)


def _changed(
    session: Session,
    row: Organisation,
    action: Action,
    reason: str,
    caller: Caller,
    before: events.Organisation,
) -> events.OrganisationChanged:
    after = public(row)
    event = emit(session, events.OrganisationChanged(organisation=after), row)
    changes.record(session, row, row.organisation_id, action, reason, caller.subject, before, after)
    return event


async def _check_no_facility(session: Session, organisation_id: UUID) -> None:
    wanted = (
        select(Facility.facility_id)
        .where(Facility.organisation_id == organisation_id, Facility.status == FacilityStatus.OPEN)
        .order_by(col(Facility.facility_id))
    )
    found = (await session.exec(wanted)).all()
    if found:
        named = ", ".join(str(key) for key in found[:MOST_NAMED])
        raise FacilitiesOpen(
            organisation_id=organisation_id, facilities=len(found), facility_ids=named
        )


async def _active(
    session: Session,
    command: api.ChangeOrganisation
    | api.SuspendOrganisation
    | api.ResumeOrganisation
    | api.CloseOrganisation,
    caller: Caller,
) -> Organisation:
    key = UUID(command.organisation_id)
    row = await session.get_locked(Organisation, key, caller, version=wire.version_read(command))
    if row.status is not OrganisationStatus.ACTIVE:
        raise OrganisationClosed(organisation_id=row.organisation_id)
    return row
