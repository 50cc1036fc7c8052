"""Registers elders, changes what is known of them, and hears that they died."""

from collections.abc import Iterator, Mapping
from datetime import date, datetime
from typing import Any
from uuid import UUID

from eldercare.assessment.v1 import api_pb2 as api
from eldercare.assessment.v1 import events_pb2 as said
from sqlalchemy.exc import IntegrityError

from assessment import rules
from assessment.errors import (
    DeadAlready,
    ElderNotAlive,
    HalfPosition,
    ImpossibleBirthDay,
    ImpossibleDay,
    KnownAlready,
    NotACommunity,
    NothingToChange,
    TooYoung,
    WrongCheckCharacter,
)
from assessment.flows import applications, lookups
from assessment.ground import Ground
from assessment.rules import Status
from assessment.tables import Elder
from kit.contracts import areas, ids, numbers, wire
from kit.contracts.clock import local_day
from kit.contracts.refusals import Refusal
from kit.db import rotation
from kit.db.personal import KeyRing
from kit.db.store import Session
from kit.messaging.outbox import emit
from kit.security import access
from kit.security.access import Caller

Text = api.RegisterElder | api.ChangeElder
CONTACT = ("phone", "address", "contact_name", "contact_phone")


async def register(
    session: Session, command: api.RegisterElder, caller: Caller, ground: Ground
) -> said.ElderRegistered:
    """Makes an elder known. Two at once with one ID number: one is refused."""
    for refusal in faults(command, local_day(session.now), ground):
        raise refusal
    access.check(caller, area=command.area_code, kind="area", key=command.area_code)
    await rotation.one_at_a_time(session, ground.ring.digests("id_number", command.id_number))
    if await lookups.known(session, ground.ring, [command.id_number]):
        raise KnownAlready
    row = wire.row(Elder, command, **columns(command, session.now, ground))
    session.add(row)
    told = emit(session, said.ElderRegistered(elder=public(row)), row)
    try:
        await session.flush()
    except IntegrityError as error:
        raise KnownAlready from error
    return told


async def change(
    session: Session, command: api.ChangeElder, caller: Caller, ground: Ground
) -> said.ElderChanged:
    """Changes what is known of an elder; naming a new area brings somebody back who had moved out."""
    if not command.moved_out and all(field.name == "elder_id" for field, _ in command.ListFields()):
        raise NothingToChange
    row = await session.get_locked(Elder, UUID(command.elder_id), caller)
    if row.status is Status.DEAD or (
        row.status is Status.MOVED_OUT and not command.HasField("area_code")
    ):
        raise ElderNotAlive(row.elder_id, row.status.name)
    for refusal in (*_area_faults(command, ground), *_position_faults(command)):
        raise refusal
    for column, value in _changed(row, command, ground.ring).items():
        setattr(row, column, value)
    row.complete = _complete(row)
    row.status = Status.MOVED_OUT if command.moved_out else Status.ALIVE
    if command.moved_out:
        await applications.close(session, row.elder_id)
    return emit(session, said.ElderChanged(elder=public(row)), row)


async def report_death(
    session: Session, command: api.ReportElderDeath, caller: Caller
) -> said.ElderDied:
    """Records a death, also months later; the same report twice gets the same answer and says
    nothing new.
    """
    row = await session.get_locked(Elder, UUID(command.elder_id), caller)
    died_on = day_of("died_on", command.died_on)
    if row.died_on == died_on:
        return said.ElderDied(elder=public(row))
    if row.status is Status.DEAD:
        raise DeadAlready(row.elder_id)
    if not row.born_on <= died_on <= local_day(session.now):
        raise ImpossibleDay("died_on", command.died_on, "it must lie between the birth and today")
    row.status, row.died_on = Status.DEAD, died_on
    await applications.close(session, row.elder_id)
    return emit(session, said.ElderDied(elder=public(row)), row)


def faults(command: api.RegisterElder, today: date, ground: Ground) -> Iterator[Refusal]:
    """Everything the rules forbid about a registration, field by field; registration and import ask
    the same.
    """
    yield from _area_faults(command, ground)
    yield from _position_faults(command)
    try:
        born_on = numbers.resident(command.id_number).born_on
    except numbers.WrongCheck:
        yield WrongCheckCharacter()
        return
    except numbers.NoSuchDay:
        yield ImpossibleBirthDay()
        return
    age, least_age = numbers.age_on(born_on, today), ground.value("procedure.least_age", today)
    if born_on > today or age > ground.value("procedure.greatest_age", today):
        yield ImpossibleBirthDay()
    elif age < least_age:
        yield TooYoung(age, least_age)


def columns(command: api.RegisterElder, now: datetime, ground: Ground) -> dict[str, Any]:
    """The columns of a registration without faults; `version` is still 0."""
    resident, ring = numbers.resident(command.id_number), ground.ring
    return {
        "elder_id": ids.new(),
        "version": 0,
        "area_code": command.area_code,
        "living": rules.Living(command.living),
        "hardships": sorted(command.hardships),
        "local_register": command.local_register,
        "status": Status.ALIVE,
        "died_on": None,
        "registered_at": now,
        "born_on": resident.born_on,
        "sex": rules.Sex.MALE if resident.male else rules.Sex.FEMALE,
        **_named(ring, command.name, command.area_code),
        "id_number_sealed": ring.seal(resident.number, "id_number"),
        "id_number_digest": ring.digest("id_number", resident.number),
        "complete": rules.is_complete(
            id_number=command.id_number,
            phone=command.phone,
            address=command.address,
            contact_name=command.contact_name,
            contact_phone=command.contact_phone,
        ),
        "phone_sealed": None,
        "phone_digest": None,
        "address_sealed": None,
        "position_sealed": None,
        "contact_name_sealed": None,
        "contact_phone_sealed": None,
        **_contact(command, ring),
    }


def public(row: Elder | Mapping[str, Any]) -> said.Elder:
    """What others may rely on: no name, number, phone or address."""
    return wire.message(said.Elder, row)


def day_of(field: str, text: str) -> date:
    """A policy day from `YYYY-MM-DD`. Raises: ImpossibleDay for a day that the calendar does not
    have.
    """
    try:
        return date.fromisoformat(text)
    except ValueError as error:
        raise ImpossibleDay(field, text, "the calendar does not have it") from error


def _area_faults(command: Text, ground: Ground) -> Iterator[Refusal]:
    wanted = isinstance(command, api.RegisterElder) or command.HasField("area_code")
    if wanted and ground.areas.level_of(command.area_code) != areas.COMMUNITY:
        yield NotACommunity(command.area_code)


def _position_faults(command: Text) -> Iterator[Refusal]:
    if command.HasField("lon") != command.HasField("lat"):
        yield HalfPosition()


def _changed(row: Elder, command: api.ChangeElder, ring: KeyRing) -> dict[str, Any]:
    """Columns that the command changes, as far as they follow from it alone."""
    found: dict[str, Any] = _contact(command, ring)
    if command.HasField("area_code"):
        found["area_code"] = command.area_code
    if command.HasField("living"):
        found["living"] = rules.Living(command.living)
    if command.HasField("hardships"):
        found["hardships"] = sorted(command.hardships.hardships)
    if command.HasField("local_register"):
        found["local_register"] = command.local_register
    area_code = found.get("area_code", row.area_code)
    if command.HasField("name") or areas.at(area_code, areas.COUNTY) != areas.at(
        row.area_code, areas.COUNTY
    ):
        found |= _named(ring, command.name or ring.open(row.name_sealed, "name"), area_code)
    return found


def _named(ring: KeyRing, name: str, area_code: str) -> dict[str, Any]:
    """Columns of the name; its characters are found in its county alone."""
    return {
        "name_sealed": ring.seal(name, "name"),
        "name_digest": ring.digest("name", name),
        "name_characters": ring.character_digests(name, areas.at(area_code, areas.COUNTY)),
    }


def _contact(command: Text, ring: KeyRing) -> dict[str, Any]:
    """Columns of phone, address, contact person and position, where the request names them."""
    found = {
        f"{kind}_sealed": ring.seal(text, kind)
        for kind in CONTACT
        if (text := getattr(command, kind))
    }
    if command.phone:
        found["phone_digest"] = ring.digest("phone", command.phone)
    if command.HasField("lon"):
        found["position_sealed"] = ring.seal(f"{command.lon!r} {command.lat!r}", "position")
    return found


def _complete(row: Elder) -> bool:
    return rules.is_complete(
        id_number=row.id_number_sealed,
        phone=row.phone_sealed,
        address=row.address_sealed,
        contact_name=row.contact_name_sealed,
        contact_phone=row.contact_phone_sealed,
    )
