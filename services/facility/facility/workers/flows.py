"""Registers workers, changes what they may do, and lets them leave."""

from collections.abc import Sequence
from datetime import date
from uuid import UUID

from eldercare.facility.v1 import api_pb2 as api
from eldercare.facility.v1 import events_pb2 as events
from sqlalchemy.exc import IntegrityError
from sqlmodel import col, select

from facility import limits
from facility.context import Context
from facility.days import day_of
from facility.organisations.errors import KnownAlready, OrganisationClosed, WrongCheckCharacter
from facility.organisations.rules import OrganisationStatus
from facility.organisations.tables import Organisation
from facility.workers import rules
from facility.workers.errors import (
    ImpossibleBirthDay,
    ImpossibleShift,
    NothingToChange,
    WorkerGone,
)
from facility.workers.rules import WorkerStatus
from facility.workers.tables import Worker
from kit.contracts import ids, numbers, sets, wire
from kit.contracts.clock import local_day
from kit.db import rotation
from kit.db.store import Session
from kit.messaging.outbox import emit
from kit.security import access
from kit.security.access import Caller


async def register(
    session: Session, command: api.RegisterWorker, caller: Caller, context: Context
) -> events.WorkerRegistered:
    """Makes a worker known; one person is an active worker of one organisation once."""
    organisation = await _organisation(session, command.organisation_id, caller)
    number = _id_number(command.id_number, local_day(session.now))
    _check_shift(command.shift_from_min, command.shift_to_min)
    ring = context.ring
    digests = ring.digests("id_number", number)
    await rotation.one_at_a_time(session, digests)
    if await _works_there(session, organisation.organisation_id, digests):
        raise KnownAlready(field="id_number", field_name="id_number")
    row = wire.row(
        Worker,
        command,
        worker_id=ids.new(),
        area_code=organisation.area_code,
        skills=sorted(command.skills),
        registered_at=session.now,
        status=WorkerStatus.ACTIVE,
        certified_until=_certified_until(command),
        name_sealed=ring.seal(command.name, "name"),
        id_number_sealed=ring.seal(number, "id_number"),
        id_number_digest=ring.digest("id_number", number),
        phone_sealed=ring.seal(command.phone, "phone"),
    )
    session.add(row)
    event = emit(session, events.WorkerRegistered(worker=public(row)), row)
    try:
        await session.flush()
    except IntegrityError as error:
        raise KnownAlready(field="id_number", field_name="id_number") from error
    return event


async def change(
    session: Session, command: api.ChangeWorker, caller: Caller
) -> events.WorkerChanged:
    """Changes skills, certificate, shift or place of work."""
    if {field.name for field, _ in command.ListFields()} <= {"worker_id", "version"}:
        raise NothingToChange
    row = await _active(session, command, caller)
    row.skills = sets.changed(
        row.skills,
        "skills",
        whole=command.skills.skills if command.HasField("skills") else None,
        added=command.add_skills,
        removed=command.remove_skills,
    )
    if command.HasField("certified_until"):
        row.certified_until = _certified_until(command)
    if command.HasField("shift_from_min"):
        row.shift_from_min = command.shift_from_min
    if command.HasField("shift_to_min"):
        row.shift_to_min = command.shift_to_min
    if command.HasField("place_of_work"):
        row.place_of_work = command.place_of_work
    _check_shift(row.shift_from_min, row.shift_to_min)
    return emit(session, events.WorkerChanged(worker=public(row)), row)


async def leave(session: Session, command: api.LeaveWorker, caller: Caller) -> events.WorkerLeft:
    """Ends the work of a person for an organisation."""
    row = await _active(session, command, caller)
    row.status = WorkerStatus.LEFT
    row.left_on = local_day(session.now)
    return emit(session, events.WorkerLeft(worker=public(row)), row)


async def leave_all(session: Session, organisation_id: UUID, left_on: date) -> None:
    """Ends the work of everybody for an organisation that is closed."""
    wanted = (
        select(Worker)
        .where(Worker.organisation_id == organisation_id, Worker.status == WorkerStatus.ACTIVE)
        .order_by(col(Worker.worker_id))
        .with_for_update()
    )
    for row in (await session.exec(wanted)).all():
        row.status = WorkerStatus.LEFT
        row.left_on = max(left_on, local_day(row.registered_at))
        emit(session, events.WorkerLeft(worker=public(row)), row)


def public(row: Worker) -> events.Worker:
    """The public state: no name, ID number or phone."""
    return wire.message(events.Worker, row, version=None)


async def _organisation(session: Session, organisation_id: str, caller: Caller) -> Organisation:
    """The organisation, active and within the caller's scope."""
    # locked, so that it is not closed meanwhile
    row = await session.get_locked(Organisation, UUID(organisation_id))
    access.check(
        caller,
        area=row.area_code,
        organisation=row.organisation_id,
        kind=Organisation,
        key=organisation_id,
    )
    if row.status is not OrganisationStatus.ACTIVE:
        raise OrganisationClosed(organisation_id=row.organisation_id)
    return row


async def _active(
    session: Session, command: api.ChangeWorker | api.LeaveWorker, caller: Caller
) -> Worker:
    version = wire.version_read(command)
    row = await session.get_locked(Worker, UUID(command.worker_id), caller, version=version)
    if row.status is not WorkerStatus.ACTIVE:
        raise WorkerGone(worker_id=row.worker_id)
    return row


async def _works_there(session: Session, organisation_id: UUID, digests: Sequence[bytes]) -> bool:
    """True where a person with one of these digests is an active worker of the organisation."""
    wanted = select(Worker.worker_id).where(
        Worker.organisation_id == organisation_id,
        col(Worker.id_number_digest).in_(digests),
        Worker.status == WorkerStatus.ACTIVE,
    )
    return (await session.exec(wanted)).first() is not None


def _id_number(text: str, today: date) -> str:
    """The number of somebody of working age, in its usual form."""
    try:
        resident = numbers.resident(text)
    except numbers.WrongCheck as error:
        raise WrongCheckCharacter(
            field="id_number", field_name="id_number", norm="GB 11643-1999"
        ) from error
    except numbers.NoSuchDay as error:
        raise ImpossibleBirthDay from error
    ages = limits.register(today)
    age = numbers.age_on(resident.born_on, today)
    if not ages.least_working_age <= age <= ages.greatest_age:
        raise ImpossibleBirthDay
    return resident.number


def _certified_until(command: api.RegisterWorker | api.ChangeWorker) -> date | None:
    if not command.HasField("certified_until"):
        return None
    return day_of("certified_until", command.certified_until)


def _check_shift(from_min: int, to_min: int) -> None:
    if not rules.is_shift(from_min, to_min):
        raise ImpossibleShift(shift_from_min=from_min, shift_to_min=to_min)
