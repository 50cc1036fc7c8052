"""Opens facilities, changes, suspends, resumes and closes them."""

from datetime import date
from uuid import UUID

from eldercare.facility.v1 import api_pb2 as api
from eldercare.facility.v1 import events_pb2 as events
from sqlalchemy import exists, or_
from sqlmodel import col, select

from facility.changes import flows as changes
from facility.changes.errors import BEFORE_THIS_STATE
from facility.changes.rules import Action
from facility.context import GROUP, Context
from facility.days import ImpossibleDay, day_of
from facility.facilities.errors import (
    BedsTaken,
    FacilityIsClosed,
    OpenAlready,
    PlannedForLater,
    StillLivedIn,
    TooManyNursingBeds,
)
from facility.facilities.rules import FacilityStatus, same_name
from facility.facilities.tables import Bed, Facility
from facility.organisations.flows import MOST_NAMED, check_area, check_gets_anything
from facility.organisations.tables import Organisation
from facility.stays.tables import Stay
from kit.contracts import ids, wire
from kit.contracts.clock import day_start, local_day
from kit.db.store import Session
from kit.messaging.outbox import emit
from kit.runtime.timers import cancel_timer, set_timer
from kit.security.access import Caller

CAPACITY = "capacity"  # a timer: the day of an agreed capacity has come


async def open_(
    session: Session, command: api.OpenFacility, caller: Caller, context: Context
) -> events.FacilityOpened:
    """Opens a facility with its beds, the nursing beds last, for an organisation within the
    caller's area.
    """
    check_area(command.area_code, caller, context)
    _check_beds(command.beds, command.nursing_beds)
    organisation = await session.get_locked(Organisation, UUID(command.organisation_id), caller)
    check_gets_anything(organisation, local_day(session.now))
    await _check_name(session, organisation.organisation_id, command.name)
    row = wire.row(
        Facility, command, facility_id=ids.new(), opened_at=session.now, status=FacilityStatus.OPEN
    )
    session.add(row)
    event = emit(session, events.FacilityOpened(facility=public(row)), row)
    await _add_beds(session, row, row.beds - row.nursing_beds, row.nursing_beds)
    return event


async def change(
    session: Session, command: api.ChangeFacility, caller: Caller
) -> events.FacilityChanged:
    """Changes its name, its operation, or its capacity, the latter from a later day on too."""
    changes.check_names_something(command, "facility_id")
    row = await _open(session, command, caller)
    today = local_day(session.now)
    first = day_of("valid_from", command.valid_from) if command.HasField("valid_from") else today
    _check_since(row, "valid_from", first)
    before = public(row)
    plain = command.beds if command.HasField("beds") else row.beds
    nursing = command.nursing_beds if command.HasField("nursing_beds") else row.nursing_beds
    _check_beds(plain, nursing)
    if first > today:
        if command.HasField("name") or command.HasField("operation"):
            raise PlannedForLater
        row.planned_from, row.planned_beds, row.planned_nursing_beds = first, plain, nursing
        set_timer(session, day_start(first), CAPACITY, str(row.facility_id))
    else:
        changes.fill(row, command, ("name", "operation"))
        await _set_capacity(session, row, plain, nursing, today)
        row.valid_from = first
    return _changed(session, row, Action.CHANGE, command.reason, caller.subject, before)


async def apply_capacity(session: Session, facility_id: UUID) -> None:
    """The day of an agreed capacity has come. Raises: BedsTaken where beds that go are taken; the
    timer tries again.
    """
    row = await session.get_locked(Facility, facility_id)
    first, plain, nursing = row.planned_from, row.planned_beds, row.planned_nursing_beds
    if row.status is FacilityStatus.CLOSED or first is None or first > local_day(session.now):
        return
    before = public(row)
    await _set_capacity(session, row, plain or 0, nursing or 0, local_day(session.now))
    row.valid_from = first
    row.planned_from = row.planned_beds = row.planned_nursing_beds = None
    _changed(session, row, Action.CAPACITY, "", GROUP, before)


async def suspend(
    session: Session, command: api.SuspendFacility, caller: Caller
) -> events.FacilityChanged:
    """Nobody is admitted from a day on; who stays there stays."""
    row = await _open(session, command, caller)
    before = public(row)
    changes.suspend(row, command)
    return _changed(session, row, Action.SUSPEND, command.reason, caller.subject, before)


async def resume(
    session: Session, command: api.ResumeFacility, caller: Caller
) -> events.FacilityChanged:
    """Ends its suspension."""
    row = await _open(session, command, caller)
    before = public(row)
    changes.resume(row, command, local_day(session.now))
    return _changed(session, row, Action.RESUME, command.reason, caller.subject, before)


async def close(
    session: Session, command: api.CloseFacility, caller: Caller
) -> events.FacilityClosed:
    """Closes a facility in which nobody stays; its lock keeps admissions out meanwhile."""
    row = await _open(session, command, caller)
    closed_on = changes.closing_day(command, local_day(row.opened_at), local_day(session.now))
    _check_since(row, "closed_on", closed_on)
    await _check_empty(session, row.facility_id, closed_on)
    before = public(row)
    row.status = FacilityStatus.CLOSED
    row.closed_on = row.valid_from = closed_on
    if row.planned_from is not None:
        row.planned_from = row.planned_beds = row.planned_nursing_beds = None
        cancel_timer(session, CAPACITY, str(row.facility_id))
    event = emit(session, events.FacilityClosed(facility=public(row)), row)
    changes.record(
        session,
        row,
        row.facility_id,
        Action.CLOSE,
        command.reason,
        caller.subject,
        before,
        public(row),
    )
    return event


def public(row: Facility) -> events.Facility:
    """The public state."""
    return wire.message(events.Facility, row, version=None)


async def _set_capacity(
    session: Session, row: Facility, total: int, nursing: int, today: date
) -> None:
    """Adds and removes beds of both kinds; those that stay keep their ids."""
    plain_more = (total - nursing) - (row.beds - row.nursing_beds)
    nursing_more = nursing - row.nursing_beds
    await _remove_beds(session, row.facility_id, max(0, -plain_more), today, nursing=False)
    await _remove_beds(session, row.facility_id, max(0, -nursing_more), today, nursing=True)
    await _add_beds(session, row, max(0, plain_more), max(0, nursing_more))
    row.beds, row.nursing_beds = total, nursing


async def _add_beds(session: Session, row: Facility, plain: int, nursing: int) -> None:
    """Copies beds in at once: a large house has a thousand."""
    records = [
        (ids.new(), row.facility_id, row.organisation_id, row.area_code, number >= plain, False)
        for number in range(plain + nursing)
    ]
    driver = await session.driver()
    await driver.copy_records_to_table("bed", columns=tuple(Bed.model_fields), records=records)


async def _remove_beds(
    session: Session, facility_id: UUID, count: int, today: date, *, nursing: bool
) -> None:
    """Takes free beds of a kind away; old stays go on naming them."""
    if not count:
        return
    until = col(Stay.ended_on)
    taken = exists().where(col(Stay.bed_id) == Bed.bed_id, or_(until.is_(None), until > today))
    wanted = (
        select(Bed)
        .where(Bed.facility_id == facility_id, Bed.nursing == nursing, ~col(Bed.removed), ~taken)
        .order_by(col(Bed.bed_id).desc())
        .limit(count)
    )
    found = (await session.exec(wanted)).all()
    if len(found) < count:
        raise BedsTaken(free=len(found), gone=count)
    for bed in found:
        bed.removed = True


def _changed(
    session: Session,
    row: Facility,
    action: Action,
    reason: str,
    recorded_by: str,
    before: events.Facility,
) -> events.FacilityChanged:
    after = public(row)
    event = emit(session, events.FacilityChanged(facility=after), row)
    changes.record(session, row, row.facility_id, action, reason, recorded_by, before, after)
    return event


def _check_beds(total: int, nursing: int) -> None:
    if nursing > total:
        raise TooManyNursingBeds(nursing_beds=nursing, beds=total)


def _check_since(row: Facility, field: str, day: date) -> None:
    """A later state does not begin before an earlier one."""
    since = row.valid_from or local_day(row.opened_at)
    if day < since:
        why = BEFORE_THIS_STATE.of(since=since)
        raise ImpossibleDay(field=field, day=day.isoformat(), why=why)


async def _open(
    session: Session,
    command: api.ChangeFacility | api.SuspendFacility | api.ResumeFacility | api.CloseFacility,
    caller: Caller,
) -> Facility:
    key = UUID(command.facility_id)
    row = await session.get_locked(Facility, key, caller, version=wire.version_read(command))
    if row.status is FacilityStatus.CLOSED:
        raise FacilityIsClosed(facility_id=row.facility_id)
    return row


async def _check_empty(session: Session, facility_id: UUID, day: date) -> None:
    """Refuses where somebody stays in the facility on a day or later."""
    wanted = (
        select(Stay.stay_id)
        .where(
            Stay.facility_id == facility_id,
            or_(col(Stay.ended_on).is_(None), col(Stay.ended_on) > day),
        )
        .order_by(col(Stay.stay_id))
    )
    found = (await session.exec(wanted)).all()
    if found:
        named = ", ".join(str(key) for key in found[:MOST_NAMED])
        raise StillLivedIn(facility_id=facility_id, residents=len(found), stay_ids=named)


async def _check_name(session: Session, organisation_id: UUID, name: str) -> None:
    """Refuses a facility that the organisation operates already."""
    wanted = select(Facility).where(
        Facility.organisation_id == organisation_id, Facility.status == FacilityStatus.OPEN
    )
    for other in await session.exec(wanted):
        if same_name(other.name, name):
            raise OpenAlready(facility_id=other.facility_id)
