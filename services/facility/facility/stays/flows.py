"""Admits elders to beds and discharges them; PostgreSQL's exclusion constraints are what keeps two
stays apart.
"""

from collections.abc import Sequence
from datetime import date, timedelta
from uuid import UUID

from eldercare.facility.v1 import api_pb2 as api
from eldercare.facility.v1 import events_pb2 as events
from sqlalchemy import exists, func, or_
from sqlalchemy.exc import IntegrityError
from sqlmodel import col, select

from facility.changes.rules import is_suspended
from facility.days import ImpossibleDay, day_of
from facility.facilities.errors import FacilityIsClosed, FacilitySuspended
from facility.facilities.rules import FacilityStatus
from facility.facilities.tables import Bed, Facility
from facility.organisations.flows import check_gets_anything
from facility.organisations.tables import Organisation
from facility.replicas.rules import ElderStatus
from facility.replicas.tables import Elder
from facility.stays import rules
from facility.stays.errors import (
    BEFORE_BIRTH,
    BEFORE_THE_STAY,
    BedTaken,
    ElderNotAlive,
    ElderNotKnownYet,
    ElderStaysElsewhere,
    EndedAlready,
    NoFreeBed,
    NotABedThere,
)
from facility.stays.tables import BED_ONCE, ELDER_ONCE, Stay
from kit.contracts import ids, wire
from kit.contracts.clock import local_day
from kit.db.store import Session
from kit.messaging.outbox import emit
from kit.runtime.timers import set_timer
from kit.security.access import Caller

DAYS_CHANGED = "stay-days"  # a timer, by stay: what its months come to is to be looked at


async def admit(session: Session, command: api.AdmitElder, caller: Caller) -> events.StayBegan:
    """Begins a stay. The facility's lock lets one admission at a time choose a free bed; whoever
    comes past it meets the constraints.
    """
    facility = await session.get_locked(Facility, UUID(command.facility_id), caller)
    if facility.status is not FacilityStatus.OPEN:
        raise FacilityIsClosed(facility_id=facility.facility_id)
    began_on = day_of("began_on", command.began_on, latest=local_day(session.now))
    await _check_admits(session, facility, began_on)
    elder = await _elder(session, command.elder_id)
    if elder.born_on is not None and began_on < elder.born_on:
        raise ImpossibleDay(field="began_on", day=command.began_on, why=BEFORE_BIRTH)
    bed = await _bed(session, command, facility, began_on)
    row = Stay(
        stay_id=ids.new(),
        facility_id=facility.facility_id,
        organisation_id=facility.organisation_id,
        bed_id=bed.bed_id,
        elder_id=elder.elder_id,
        area_code=facility.area_code,
        began_on=began_on,
        admitted_at=session.now,
    )
    session.add(row)
    event = _began(session, row)
    try:
        await session.flush()
    except IntegrityError as error:
        raise _overlap(error, row) from error
    return event


async def discharge(
    session: Session, command: api.DischargeElder, caller: Caller
) -> events.StayEnded:
    """Ends a stay; the bed is free from that day on."""
    row = await session.get_locked(Stay, UUID(command.stay_id), caller)
    if row.ended_on is not None:
        raise EndedAlready(stay_id=row.stay_id, ended_on=row.ended_on)
    ended_on = day_of("ended_on", command.ended_on, latest=local_day(session.now))
    if ended_on < row.began_on:
        raise ImpossibleDay(
            field="ended_on", day=command.ended_on, why=BEFORE_THE_STAY.of(began_on=row.began_on)
        )
    return _end(session, row, ended_on)


async def end_by_death(session: Session, elder_id: UUID, died_on: date) -> None:
    """Ends the day after the death what an elder who died stays in, or stayed in until a discharge
    of a later day; what another day of death ended before ends on the right day, where the bed was
    not given to somebody else by then.
    """
    for row in await _touched_by_death(session, elder_id, died_on):
        if row.death_on is None:
            row.discharged_on = row.ended_on
        row.death_on = died_on
        ended_on = rules.end_by_death(row.began_on, died_on, row.discharged_on)
        if row.ended_on is None or ended_on < row.ended_on:
            _end(session, row, ended_on)
        elif row.ended_on < ended_on and (again := await _go_on(session, row, ended_on)):
            again.death_on, again.discharged_on = died_on, row.discharged_on
            _end(session, again, ended_on)


async def go_on(session: Session, elder_id: UUID) -> None:
    """An elder who was taken for dead stays on in the same bed, or did until the discharge; where
    somebody else lies there by now, the elder is admitted anew.
    """
    for row in await _touched_by_death(session, elder_id):
        if row.death_on is not None and row.ended_on != row.discharged_on:
            again = await _go_on(session, row, row.discharged_on)
            if again and row.discharged_on:
                _end(session, again, row.discharged_on)
        row.death_on = None


async def _go_on(session: Session, row: Stay, ended_on: date | None) -> Stay | None:
    """A new stay in the same bed, from the day on which the former ended: what is told of a stay
    is never taken back. None where the bed, or the elder, is not free then.
    """
    if row.ended_on is None or await _is_taken(session, row, row.ended_on, ended_on):
        return None
    again = Stay(
        stay_id=ids.new(),
        facility_id=row.facility_id,
        organisation_id=row.organisation_id,
        bed_id=row.bed_id,
        elder_id=row.elder_id,
        area_code=row.area_code,
        began_on=row.ended_on,
        ended_on=ended_on,
        admitted_at=session.now,
        continues=row.continues or row.stay_id,
    )
    session.add(again)
    _began(session, again)
    return again


async def _touched_by_death(
    session: Session, elder_id: UUID, died_on: date | None = None
) -> Sequence[Stay]:
    """What an elder stays in, or would if it were not for a death, or was discharged from after
    it.
    """
    touched = or_(col(Stay.ended_on).is_(None), col(Stay.death_on).is_not(None))
    if died_on is not None:
        touched = or_(touched, col(Stay.ended_on) > died_on + timedelta(days=1))
    wanted = select(Stay).where(Stay.elder_id == elder_id, touched)
    wanted = wanted.order_by(col(Stay.began_on), col(Stay.stay_id))
    return (await session.exec(wanted.with_for_update())).all()


async def _is_taken(session: Session, row: Stay, first: date, end: date | None) -> bool:
    """Whether another stay has the bed, or the elder, on one of these days; end: the day after the
    last, None for no end.
    """
    days = func.daterange(Stay.began_on, Stay.ended_on)
    wanted = select(Stay.stay_id).where(
        col(Stay.stay_id) != row.stay_id,
        or_(col(Stay.bed_id) == row.bed_id, col(Stay.elder_id) == row.elder_id),
        days.op("&&")(func.daterange(first, end)),
    )
    return (await session.exec(wanted.limit(1))).first() is not None


async def _check_admits(session: Session, facility: Facility, day: date) -> None:
    """Refuses where the facility or its organisation takes nobody in on a day."""
    if is_suspended(facility.suspended_from, facility.suspended_to, day):
        raise FacilitySuspended(facility_id=facility.facility_id, day=day)
    organisation = await session.get_locked(Organisation, facility.organisation_id)
    check_gets_anything(organisation, day)


async def _elder(session: Session, elder_id: str) -> Elder:
    """The elder, alive and locked."""
    row: Elder | None = await session.get(
        Elder, UUID(elder_id), with_for_update=True, populate_existing=True
    )
    if row is None:
        raise ElderNotKnownYet(elder_id=elder_id)
    if row.status is not ElderStatus.ALIVE:
        raise ElderNotAlive(elder_id=row.elder_id, status=row.status.name)
    return row


async def _bed(
    session: Session, command: api.AdmitElder, facility: Facility, began_on: date
) -> Bed:
    """The bed that the command names, or a free one."""
    if not command.HasField("bed_id"):
        free = await _free_bed(session, facility.facility_id, began_on)
        if free is None:
            raise NoFreeBed(facility_id=facility.facility_id)
        return free
    bed: Bed | None = await session.get(Bed, UUID(command.bed_id))
    if bed is None or bed.removed or bed.facility_id != facility.facility_id:
        raise NotABedThere(facility_id=facility.facility_id, bed_id=command.bed_id)
    return bed


async def _free_bed(session: Session, facility_id: UUID, began_on: date) -> Bed | None:
    """A bed without a stay from that day on; a plain one before a nursing bed."""
    days = func.daterange(Stay.began_on, Stay.ended_on)
    overlaps = days.op("&&")(func.daterange(began_on, None))
    taken = exists().where(col(Stay.bed_id) == Bed.bed_id, overlaps)
    wanted = (
        select(Bed)
        .where(Bed.facility_id == facility_id, ~col(Bed.removed), ~taken)
        .order_by(col(Bed.nursing), col(Bed.bed_id))
        .limit(1)
    )
    return (await session.exec(wanted)).first()


def _began(session: Session, row: Stay) -> events.StayBegan:
    set_timer(session, session.now, DAYS_CHANGED, str(row.stay_id))
    return emit(session, wire.message(events.StayBegan, row), row)


def _end(session: Session, row: Stay, ended_on: date) -> events.StayEnded:
    row.ended_on = ended_on
    set_timer(session, session.now, DAYS_CHANGED, str(row.stay_id))
    event = wire.message(events.StayEnded, row, discharged_at=session.now)
    return emit(session, event, row)


def _overlap(error: IntegrityError, row: Stay) -> Exception:
    """What the violated constraint means."""
    broken = getattr(getattr(error.orig, "__cause__", None), "constraint_name", None)
    if broken == BED_ONCE:
        return BedTaken(bed_id=row.bed_id)
    if broken == ELDER_ONCE:
        return ElderStaysElsewhere(elder_id=row.elder_id)
    return error
