"""Registers workers, changes what they may do, and lets them leave."""

from datetime import date
from uuid import UUID

from eldercare.facility.v1 import api_pb2 as api
from eldercare.facility.v1 import events_pb2 as said
from sqlalchemy.exc import IntegrityError

from facility import rules
from facility.errors import (
    ImpossibleBirthDay,
    ImpossibleShift,
    KnownAlready,
    NothingToChange,
    OrganisationClosed,
    WorkerGone,
    WrongCheckCharacter,
)
from facility.flows import lookups
from facility.flows.stays import day_of
from facility.ground import Ground
from facility.rules import OrganisationStatus, WorkerStatus
from facility.tables import Organisation, Worker
from kit.contracts import ids, numbers, wire
from kit.contracts.clock import local_day
from kit.contracts.days import NO_END
from kit.contracts.refusals import NotFound
from kit.db import rotation
from kit.db.store import Session
from kit.messaging.outbox import emit
from kit.security import access
from kit.security.access import Caller


async def register(
    session: Session, command: api.RegisterWorker, caller: Caller, ground: Ground
) -> said.WorkerRegistered:
    """Makes a worker known; one person is an active worker of one organisation once."""
    organisation = await session.get(Organisation, UUID(command.organisation_id))
    if organisation is None:
        raise NotFound(Organisation, command.organisation_id)
    access.check(
        caller,
        area=organisation.area_code,
        organisation=organisation.organisation_id,
        kind=Organisation,
        key=command.organisation_id,
    )
    if organisation.status is not OrganisationStatus.ACTIVE:
        raise OrganisationClosed(organisation.organisation_id)
    number = _id_number(command.id_number, session, ground)
    _check_shift(command.shift_from_min, command.shift_to_min)
    digests = ground.ring.digests("id_number", number)
    await rotation.one_at_a_time(session, digests)
    if await lookups.works_there(session, organisation.organisation_id, digests):
        raise KnownAlready("id_number")
    row = wire.row(
        Worker,
        command,
        worker_id=ids.new(),
        area_code=organisation.area_code,
        skills=sorted(command.skills),
        registered_at=session.now,
        status=WorkerStatus.ACTIVE,
        certified_until=_certified(command),
        name_sealed=ground.ring.seal(command.name, "name"),
        id_number_sealed=ground.ring.seal(number, "id_number"),
        id_number_digest=ground.ring.digest("id_number", number),
        phone_sealed=ground.ring.seal(command.phone, "phone"),
    )
    session.add(row)
    told = emit(session, said.WorkerRegistered(worker=public(row)), row)
    try:
        await session.flush()
    except IntegrityError as error:
        raise KnownAlready("id_number") from error
    return told


async def change(session: Session, command: api.ChangeWorker, caller: Caller) -> said.WorkerChanged:
    """Changes skills, certificate or shift."""
    if all(field.name == "worker_id" for field, _ in command.ListFields()):
        raise NothingToChange
    row = await _active(session, command.worker_id, caller)
    if command.HasField("skills"):
        row.skills = sorted(command.skills.skills)
    if command.HasField("certified_until"):
        row.certified_until = _certified(command)
    row.shift_from_min = (
        command.shift_from_min if command.HasField("shift_from_min") else row.shift_from_min
    )
    row.shift_to_min = (
        command.shift_to_min if command.HasField("shift_to_min") else row.shift_to_min
    )
    _check_shift(row.shift_from_min, row.shift_to_min)
    return emit(session, said.WorkerChanged(worker=public(row)), row)


async def leave(session: Session, command: api.LeaveWorker, caller: Caller) -> said.WorkerLeft:
    """Ends the work of a person for an organisation."""
    row = await _active(session, command.worker_id, caller)
    row.status = WorkerStatus.LEFT
    return emit(session, said.WorkerLeft(worker=public(row)), row)


def public(row: Worker) -> said.Worker:
    """The public state: no name, ID number or phone."""
    return wire.message(said.Worker, row)


async def _active(session: Session, worker_id: str, caller: Caller) -> Worker:
    row = await session.get_locked(Worker, UUID(worker_id), caller)
    if row.status is not WorkerStatus.ACTIVE:
        raise WorkerGone(row.worker_id)
    return row


def _id_number(text: str, session: Session, ground: Ground) -> str:
    try:
        resident = numbers.resident(text)
    except numbers.WrongCheck as error:
        raise WrongCheckCharacter("id_number", "GB 11643-1999") from error
    except numbers.NoSuchDay as error:
        raise ImpossibleBirthDay from error
    today = local_day(session.now)
    youngest, oldest = (
        ground.value("register.least_working_age", today),
        ground.value("register.greatest_age", today),
    )
    if not youngest <= numbers.age_on(resident.born_on, today) <= oldest:
        raise ImpossibleBirthDay
    return resident.number


def _certified(command: api.RegisterWorker | api.ChangeWorker) -> date | None:
    return (
        day_of("certified_until", command.certified_until, latest=NO_END)
        if command.HasField("certified_until")
        else None
    )


def _check_shift(from_min: int, to_min: int) -> None:
    if not rules.is_shift(from_min, to_min):
        raise ImpossibleShift(from_min, to_min)
