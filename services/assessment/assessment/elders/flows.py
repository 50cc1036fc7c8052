"""Registers elders, and changes what is known of them."""

from collections.abc import Collection, Iterator, Mapping
from datetime import date, datetime
from uuid import UUID

from eldercare.assessment.v1 import api_pb2 as api
from eldercare.assessment.v1 import events_pb2 as events
from sqlalchemy.exc import IntegrityError
from sqlmodel import col, select

from assessment.applications import flows as applications
from assessment.assessments import flows as assessments
from assessment.context import Context
from assessment.elders.errors import (
    NOT_WITHIN_LIFE,
    ElderNotAlive,
    FarFromCounty,
    HalfPosition,
    HardshipOfficialOnly,
    ImpossibleBirthDay,
    ImpossibleDay,
    KnownAlready,
    LikelyKnown,
    NotACommunity,
    NothingToChange,
    OwnElder,
    TooYoung,
    WrongCheckCharacter,
)
from assessment.elders.queries import public
from assessment.elders.rules import (
    Living,
    Sex,
    Status,
    is_complete,
    periods_after,
    periods_of,
    stored,
)
from assessment.elders.tables import Elder
from assessment.life_events.rules import DocumentKind, LifeEventKind, LifeEventState
from assessment.life_events.tables import LifeEvent
from assessment.limits import procedure
from kit.contracts import areas, ids, numbers, positions, rules, sets, wire
from kit.contracts.clock import local_day
from kit.contracts.refusals import Refusal
from kit.db import rotation
from kit.db.personal import KeyRing
from kit.db.store import Session
from kit.messaging.outbox import emit
from kit.security import access
from kit.security.access import Caller, has_interest

Command = api.RegisterElder | api.ChangeElder
CONTACT = ("phone", "address", "contact_name", "contact_phone")


async def register(
    session: Session, command: api.RegisterElder, caller: Caller, context: Context
) -> events.ElderRegistered:
    """Makes an elder known. Two at once with one ID number: one is refused."""
    if command.hardships:
        _check_official(caller)
    for refusal in faults(command, local_day(session.now), context):
        raise refusal
    access.check(caller, area=command.area_code, kind="area", key=command.area_code)
    digests = context.ring.digests("id_number", command.id_number)
    await rotation.one_at_a_time(session, digests)
    if there := await known(session, context.ring, [command.id_number]):
        raise known_already(there)
    if likely := await likely_known(session, context.ring, [command]):
        raise LikelyKnown(elder_id=likely[command.id_number])
    row = wire.row(
        Elder, command, **columns(command, session.now, context, registered_by=caller.subject)
    )
    session.add(row)
    event = emit(session, events.ElderRegistered(elder=public(row)), row)
    try:
        await session.flush()
    except IntegrityError as error:
        raise KnownAlready from error
    return event


async def change(
    session: Session, command: api.ChangeElder, caller: Caller, context: Context
) -> events.ElderChanged:
    """Changes what is known of an elder; a new area brings somebody back who had moved out."""
    named = {field.name for field, _ in command.ListFields()}
    if not command.moved_out and named <= {"elder_id", "version"}:
        raise NothingToChange
    if command.HasField("hardships") or command.add_hardships or command.remove_hardships:
        _check_official(caller)
        if has_interest(caller, person=command.elder_id):
            raise OwnElder(elder_id=command.elder_id)
    version = wire.version_read(command)
    row = await session.get_locked(Elder, UUID(command.elder_id), caller, version=version)
    stays_away = row.status is Status.MOVED_OUT and not command.HasField("area_code")
    if row.status is Status.DEAD or stays_away:
        raise ElderNotAlive(elder_id=row.elder_id, status=row.status.name)
    today = local_day(session.now)
    for refusal in (
        *_area_faults(command, context),
        *_position_faults(command, command.area_code or row.area_code, context),
        *_hardship_faults(command, row.born_on, today),
    ):
        raise refusal
    _apply(row, command, context.ring)
    _apply_hardships(row, command, today)
    row.complete = _is_complete(row)
    row.effective_on = None
    if command.HasField("area_code"):
        await assessments.follow(session, row.elder_id, row.area_code)
    if command.moved_out:
        await _move_out(session, row, command, caller, context)
    elif row.status is Status.MOVED_OUT:
        await _come_back(session, row)
    return emit(session, events.ElderChanged(elder=public(row)), row)


async def _move_out(
    session: Session, row: Elder, command: api.ChangeElder, caller: Caller, context: Context
) -> None:
    today = local_day(session.now)
    given = command.HasField("moved_out_on")
    moved_out_on = day_of("moved_out_on", command.moved_out_on) if given else today
    if not row.born_on <= moved_out_on <= today:
        raise ImpossibleDay(
            field="moved_out_on",
            day=command.moved_out_on,
            why=NOT_WITHIN_LIFE,
        )
    row.status = Status.MOVED_OUT
    row.moved_out_on = moved_out_on
    row.effective_on = moved_out_on if moved_out_on < today else None
    entry = LifeEvent(
        life_event_id=ids.new(),
        elder_id=row.elder_id,
        kind=LifeEventKind.MOVED_OUT,
        state=LifeEventState.IN_FORCE,
        happened_on=moved_out_on,
        reported_by=caller.subject,
        reported_as=min(caller.roles),
        reported_at=session.now,
        application_id=await applications.close(session, row.elder_id),
    )
    if command.HasField("document"):
        entry.document_kind = DocumentKind(command.document.kind)
        entry.document_number_sealed = context.ring.seal(command.document.number, "document")
    session.add(entry)


async def _come_back(session: Session, row: Elder) -> None:
    row.status = Status.ALIVE
    row.moved_out_on = None
    wanted = select(LifeEvent).where(
        col(LifeEvent.elder_id) == row.elder_id,
        col(LifeEvent.kind) == LifeEventKind.MOVED_OUT,
        col(LifeEvent.state) == LifeEventState.IN_FORCE,
    )
    for entry in (await session.exec(wanted.with_for_update())).all():
        entry.state = LifeEventState.OVER


def known_already(there: Mapping[str, Elder]) -> KnownAlready:
    """The refusal of an ID number that is one of these elders'."""
    refusal = KnownAlready()
    refusal.of = next(iter(there.values())).elder_id
    return refusal


async def known(session: Session, ring: KeyRing, id_numbers: Collection[str]) -> dict[str, Elder]:
    """The elders with these ID numbers, by ID number; whoever asks, and under all hash keys."""
    numbers_by_digest = {
        digest: number for number in id_numbers for digest in ring.digests("id_number", number)
    }
    if not numbers_by_digest:
        return {}
    wanted = select(Elder).where(col(Elder.id_number_digest).in_(numbers_by_digest))
    rows = await session.exec(wanted)
    return {numbers_by_digest[row.id_number_digest]: row for row in rows}


async def likely_known(
    session: Session, ring: KeyRing, commands: Collection[api.RegisterElder]
) -> dict[str, UUID]:
    """The elder whom a registration would probably register a second time, under another ID number:
    by the ID number of the registration.

    Somebody of the same name, birth day and community; the caller sees that community. Without
    those that say they are another person.
    """
    asked = {
        (digest, numbers.resident(command.id_number).born_on, command.area_code): command.id_number
        for command in commands
        if not command.another_person
        for digest in ring.digests("name", command.name)
    }
    if not asked:
        return {}
    wanted = select(Elder).where(
        col(Elder.name_digest).in_({digest for digest, _, _ in asked}),
        col(Elder.born_on).in_({born_on for _, born_on, _ in asked}),
        col(Elder.area_code).in_({area_code for _, _, area_code in asked}),
    )
    likely: dict[str, UUID] = {}
    for row in await session.exec(wanted):
        number = asked.get((row.name_digest, row.born_on, row.area_code))
        # of the same number is who was registered a moment ago, at once with this one
        if number is not None and row.id_number_digest not in ring.digests("id_number", number):
            likely[number] = row.elder_id
    return likely


def faults(command: api.RegisterElder, today: date, context: Context) -> Iterator[Refusal]:
    """Everything the rules forbid about a registration, field by field; registration and import
    share it.
    """
    yield from _area_faults(command, context)
    yield from _position_faults(command, command.area_code, context)
    wrong = list(number_faults(command.id_number, today))
    yield from wrong
    if not wrong:
        yield from _hardship_faults(command, numbers.resident(command.id_number).born_on, today)


def number_faults(id_number: str, today: date) -> Iterator[Refusal]:
    """Everything the rules forbid about the ID number of an elder."""
    try:
        born_on = numbers.resident(id_number).born_on
    except numbers.WrongCheck:
        yield WrongCheckCharacter()
        return
    except numbers.NoSuchDay:
        yield ImpossibleBirthDay()
        return
    age = numbers.age_on(born_on, today)
    limits = procedure(today)
    if born_on > today or age > limits.greatest_age:
        yield ImpossibleBirthDay()
    elif age < limits.least_age:
        yield TooYoung(age=age, least_age=limits.least_age)


def columns(
    command: api.RegisterElder, now: datetime, context: Context, *, registered_by: str | None
) -> dict[str, object]:
    """The columns of a registration without faults; `version` is still 0.

    Plain values, since an import copies them in: 0.25 ms a row, 0.55 ms as a row of the ORM.
    """
    ring = context.ring
    return {
        "elder_id": ids.new(),
        "version": 0,
        "area_code": command.area_code,
        "living": Living(command.living),
        "hardships": sorted(command.hardships),
        "hardship_periods": stored(
            periods_after(
                [],
                added=command.hardships,
                removed=[],
                on=_hardships_on(command, local_day(now)),
                document=command.hardships_document,
            )
        ),
        "local_register": command.local_register,
        "complete": is_complete(
            id_number=command.id_number,
            phone=command.phone,
            address=command.address,
            contact_name=command.contact_name,
            contact_phone=command.contact_phone,
        ),
        "status": Status.ALIVE,
        "registered_at": now,
        "registered_by": registered_by,
        "died_on": None,
        "reported_died_on": None,
        "moved_out_on": None,
        "effective_on": None,
        "phone_sealed": None,
        "phone_digest": None,
        "address_sealed": None,
        "contact_name_sealed": None,
        "contact_phone_sealed": None,
        "position_sealed": None,
        **columns_of_number(command.id_number, ring),
        **_name_columns(command.name, command.area_code, ring),
        **_contact_columns(command, ring),
    }


def columns_of_number(id_number: str, ring: KeyRing) -> dict[str, object]:
    """Columns of the ID number, and of what it tells: sex and birth day."""
    resident = numbers.resident(id_number)
    return {
        "sex": Sex.MALE if resident.male else Sex.FEMALE,
        "born_on": resident.born_on,
        "id_number_sealed": ring.seal(resident.number, "id_number"),
        "id_number_digest": ring.digest("id_number", resident.number),
    }


def _check_official(caller: Caller) -> None:
    if "official" not in caller.roles:
        raise HardshipOfficialOnly


def day_of(field: str, text: str) -> date:
    """A policy day from `YYYY-MM-DD`. Raises: ImpossibleDay for a day that the calendar does not
    have.
    """
    try:
        return date.fromisoformat(text)
    except ValueError as error:
        raise ImpossibleDay(field=field, day=text, why=rules.NOT_IN_THE_CALENDAR) from error


def _area_faults(command: Command, context: Context) -> Iterator[Refusal]:
    given = isinstance(command, api.RegisterElder) or command.HasField("area_code")
    if given and context.areas.level_of(command.area_code) != areas.COMMUNITY:
        yield NotACommunity(area_code=command.area_code)


def _position_faults(command: Command, area_code: str, context: Context) -> Iterator[Refusal]:
    if command.HasField("lon") != command.HasField("lat"):
        yield HalfPosition()
    elif command.HasField("lon") and area_code in context.areas:
        away_km = context.areas.far_km(area_code, *position(command))
        if away_km is not None:
            county = context.areas.name(areas.at(area_code, areas.COUNTY))
            yield FarFromCounty(county=county, away_km=away_km)


def position(command: Command) -> tuple[float, float]:
    """Where the home is, degrees WGS-84. The command must name a position."""
    return positions.wgs84(command.lon, command.lat, command.datum)


def _apply(row: Elder, command: api.ChangeElder, ring: KeyRing) -> None:
    """Writes what the command names into the row, as far as it follows from the command alone."""
    area_code = command.area_code if command.HasField("area_code") else row.area_code
    moves = areas.at(area_code, areas.COUNTY) != areas.at(row.area_code, areas.COUNTY)
    changed = _contact_columns(command, ring)
    if command.HasField("name") or moves:
        name = command.name or ring.open(row.name_sealed, "name")
        changed |= _name_columns(name, area_code, ring)
    for column, value in changed.items():
        setattr(row, column, value)
    if command.HasField("area_code"):
        row.area_code = command.area_code
    if command.HasField("living"):
        row.living = Living(command.living)
    if command.HasField("local_register"):
        row.local_register = command.local_register


def _apply_hardships(row: Elder, command: api.ChangeElder, today: date) -> None:
    before = set(row.hardships)
    row.hardships = sets.changed(
        before,
        "hardships",
        whole=command.hardships.hardships if command.HasField("hardships") else None,
        added=command.add_hardships,
        removed=command.remove_hardships,
    )
    # who names a group that is there already says since when, where the command names a day
    named = {*command.add_hardships, *command.hardships.hardships}
    stated = named if command.HasField("hardships_on") else named - before
    row.hardship_periods = stored(
        periods_after(
            periods_of(row.hardship_periods),
            added=stated,
            removed=before - set(row.hardships),
            on=_hardships_on(command, today),
            document=command.hardships_document,
        )
    )


def _hardships_on(command: Command, today: date) -> date:
    if not command.HasField("hardships_on"):
        return today
    return day_of("hardships_on", command.hardships_on)


def _hardship_faults(command: Command, born_on: date, today: date) -> Iterator[Refusal]:
    try:
        on = _hardships_on(command, today)
    except ImpossibleDay as error:
        yield error
        return
    if not born_on <= on <= today:
        yield ImpossibleDay(
            field="hardships_on",
            day=command.hardships_on,
            why=NOT_WITHIN_LIFE,
        )


def _name_columns(name: str, area_code: str, ring: KeyRing) -> dict[str, object]:
    """Columns of the name; its characters are found in its county alone."""
    county = areas.at(area_code, areas.COUNTY)
    return {
        "name_sealed": ring.seal(name, "name"),
        "name_digest": ring.digest("name", name),
        "name_characters": ring.character_digests(name, county),
    }


def _contact_columns(command: Command, ring: KeyRing) -> dict[str, object]:
    """Columns of phone, address, contact person and position, where the command names them."""
    found: dict[str, object] = {}
    for kind in CONTACT:
        text: str = getattr(command, kind)
        if text:
            found[f"{kind}_sealed"] = ring.seal(text, kind)
    if command.phone:
        found["phone_digest"] = ring.digest("phone", command.phone)
    if command.HasField("lon"):
        lon, lat = position(command)
        found["position_sealed"] = ring.seal(f"{lon!r} {lat!r}", "position")
    return found


def _is_complete(row: Elder) -> bool:
    return is_complete(
        id_number=row.id_number_sealed,
        phone=row.phone_sealed,
        address=row.address_sealed,
        contact_name=row.contact_name_sealed,
        contact_phone=row.contact_phone_sealed,
    )
