"""Admits elders to beds and discharges them; PostgreSQL's exclusion constraints are what keeps two
stays apart.
"""

from datetime import date
from uuid import UUID

from eldercare.facility.v1 import api_pb2 as api
from eldercare.facility.v1 import events_pb2 as said
from sqlalchemy.exc import IntegrityError

from facility import rules
from facility.errors import (
    BedTaken,
    ElderNotAlive,
    ElderNotKnownYet,
    ElderStaysElsewhere,
    EndedAlready,
    FacilityIsClosed,
    ImpossibleDay,
    NoFreeBed,
    NotABedThere,
)
from facility.flows import lookups
from facility.rules import ElderStatus, FacilityStatus
from facility.tables import BED_ONCE, ELDER_ONCE, Bed, Elder, Facility, Stay
from kit.contracts import ids, wire
from kit.contracts.clock import local_day
from kit.contracts.refusals import Refusal
from kit.db.store import Session
from kit.messaging.outbox import emit
from kit.security.access import Caller


async def admit(session: Session, command: api.AdmitElder, caller: Caller) -> said.StayBegan:
    """Begins a stay. The facility's lock lets one admission at a time choose a free bed; whoever
    comes past it meets the constraints.
    """
    facility = await session.get_locked(Facility, UUID(command.facility_id), caller)
    if facility.status is not FacilityStatus.OPEN:
        raise FacilityIsClosed(facility.facility_id)
    began_on = day_of("began_on", command.began_on, latest=local_day(session.now))
    elder = await session.get(
        Elder, UUID(command.elder_id), with_for_update=True, populate_existing=True
    )
    if elder is None:
        raise ElderNotKnownYet(command.elder_id)
    if elder.status is not ElderStatus.ALIVE:
        raise ElderNotAlive(elder.elder_id, elder.status.name)
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
    told = emit(session, wire.message(said.StayBegan, row), row)
    try:
        await session.flush()
    except IntegrityError as error:
        raise _overlap(error, row) from error
    return told


async def discharge(
    session: Session, command: api.DischargeElder, caller: Caller
) -> said.StayEnded:
    """Ends a stay; the bed is free from that day on."""
    row = await session.get_locked(Stay, UUID(command.stay_id), caller)
    if row.ended_on is not None:
        raise EndedAlready(row.stay_id, row.ended_on)
    ended_on = day_of("ended_on", command.ended_on, latest=local_day(session.now))
    if ended_on < row.began_on:
        raise ImpossibleDay("ended_on", command.ended_on, f"the stay began on {row.began_on}")
    return _end(session, row, ended_on)


async def end_of(session: Session, elder_id: UUID, died_on: date) -> None:
    """Ends what an elder who died still stays in, the day after the death."""
    for row in await lookups.open_stays(session, elder_id):
        _end(session, row, rules.last_day(row.began_on, died_on))


def day_of(field: str, text: str, *, latest: date) -> date:
    """A policy day from `YYYY-MM-DD`. Raises: ImpossibleDay for one that the calendar does not
    have, or after `latest`.
    """
    try:
        day = date.fromisoformat(text)
    except ValueError as error:
        raise ImpossibleDay(field, text, "the calendar does not have it") from error
    if day > latest:
        raise ImpossibleDay(field, text, "it lies in the future")
    return day


async def _bed(
    session: Session, command: api.AdmitElder, facility: Facility, began_on: date
) -> Bed:
    if not command.HasField("bed_id"):
        free: Bed | None = await lookups.free_bed(session, facility.facility_id, began_on)
        if free is None:
            raise NoFreeBed(facility.facility_id)
        return free
    bed: Bed | None = await session.get(Bed, UUID(command.bed_id))
    if bed is None or bed.facility_id != facility.facility_id:
        raise NotABedThere(facility.facility_id, command.bed_id)
    return bed


def _end(session: Session, row: Stay, ended_on: date) -> said.StayEnded:
    row.ended_on = ended_on
    return emit(session, wire.message(said.StayEnded, row, discharged_at=session.now), row)


def _overlap(error: IntegrityError, row: Stay) -> Exception:
    """What the violated constraint means."""
    broken = getattr(getattr(error.orig, "__cause__", None), "constraint_name", None)
    refusals: dict[str | None, Refusal] = {
        BED_ONCE: BedTaken(row.bed_id),
        ELDER_ONCE: ElderStaysElsewhere(row.elder_id),
    }
    return refusals.get(broken, error)
