"""Reports, confirms, rejects and corrects what happened to elders; the elder's row and what was
open for the elder follow.
"""

from datetime import date
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
    DeadAlready,
    ImpossibleDay,
    KnownAlready,
    OwnElder,
)
from assessment.elders.flows import (
    columns_of_number,
    day_of,
    known,
    known_already,
    number_faults,
)
from assessment.elders.queries import public
from assessment.elders.rules import Status
from assessment.elders.tables import Elder
from assessment.life_events.errors import (
    DeathReportOpen,
    NotInForce,
    NotReported,
    NumberHasNoOtherDay,
    SameDay,
)
from assessment.life_events.queries import described
from assessment.life_events.rules import DocumentKind, LifeEventKind, LifeEventState
from assessment.life_events.tables import LifeEvent
from kit.contracts import ids, wire
from kit.contracts.clock import local_day
from kit.contracts.refusals import NotFound
from kit.db import rotation
from kit.db.personal import KeyRing
from kit.db.store import Session
from kit.messaging.outbox import emit
from kit.security.access import Caller, has_interest

OFFICIAL = "official"


async def report_death(
    session: Session, command: api.ReportElderDeath, caller: Caller, context: Context
) -> events.ElderDied:
    """An official who has seen a document records a death; whoever else reports one has it decided
    by an official, and what is paid pauses meanwhile.

    The same report twice gets the same answer and publishes nothing new. Raises: DeadAlready,
    DeathReportOpen, ImpossibleDay.
    """
    version = wire.version_read(command)
    row = await session.get_locked(Elder, UUID(command.elder_id), caller, version=version)
    died_on = day_of("died_on", command.died_on)
    if row.died_on == died_on:
        return events.ElderDied(elder=public(row))
    if row.status is Status.DEAD:
        raise DeadAlready(elder_id=row.elder_id)
    _check_day(session, row, "died_on", died_on)
    open_report = await _undecided(session, row.elder_id)
    decides = OFFICIAL in caller.roles and not has_interest(caller, person=row.elder_id)
    if decides and command.HasField("document"):
        if open_report is not None:
            await _accept(session, row, open_report, died_on, command.document, caller, context)
        else:
            entry = _entry(session, row, LifeEventKind.DEATH, died_on, caller)
            _prove(entry, command.document, context.ring)
            await _record_death(session, row, entry)
    elif open_report is None:
        _entry(session, row, LifeEventKind.DEATH, died_on, caller, LifeEventState.REPORTED)
        row.reported_died_on = died_on
        row.effective_on = None
        emit(session, events.ElderChanged(elder=public(row)), row)
    elif open_report.happened_on != died_on:
        raise DeathReportOpen(elder_id=row.elder_id, died_on=open_report.happened_on)
    return events.ElderDied(elder=public(row))


async def confirm(
    session: Session, command: api.ConfirmLifeEvent, caller: Caller, context: Context
) -> api.LifeEvent:
    """A reported death is a fact, on the day that the document names. Raises: NotReported,
    ImpossibleDay.
    """
    row, entry = await _locked(session, command.life_event_id, caller)
    if entry.state is not LifeEventState.REPORTED:
        raise NotReported(life_event_id=entry.life_event_id, state=entry.state.name)
    died_on = entry.happened_on
    if command.HasField("happened_on"):
        died_on = day_of("happened_on", command.happened_on)
        _check_day(session, row, "happened_on", died_on)
    final = await _accept(session, row, entry, died_on, command.document, caller, context)
    return described(final, row.area_code, context.ring)


async def reject(
    session: Session, command: api.RejectLifeEvent, caller: Caller, context: Context
) -> api.LifeEvent:
    """A reported death is none. Raises: NotReported."""
    row, entry = await _locked(session, command.life_event_id, caller)
    if entry.state is not LifeEventState.REPORTED:
        raise NotReported(life_event_id=entry.life_event_id, state=entry.state.name)
    _decide(session, entry, LifeEventState.REJECTED, caller)
    entry.grounds_sealed = context.ring.seal(command.grounds, "grounds")
    row.reported_died_on = None
    row.effective_on = None
    emit(session, events.ElderChanged(elder=public(row)), row)
    return described(entry, row.area_code, context.ring)


async def correct(
    session: Session, command: api.CorrectLifeEvent, caller: Caller, context: Context
) -> api.LifeEvent:
    """What was taken for a fact happened on another day, or did not happen; the entry stays and
    says so. Raises: NotInForce, SameDay, ImpossibleDay, NumberHasNoOtherDay, KnownAlready.
    """
    row, entry = await _locked(session, command.life_event_id, caller)
    if entry.state is not LifeEventState.IN_FORCE:
        raise NotInForce(life_event_id=entry.life_event_id, state=entry.state.name)
    entry.grounds_sealed = context.ring.seal(command.grounds, "grounds")
    entry.correction_document_kind = DocumentKind(command.document.kind)
    entry.correction_document_number_sealed = context.ring.seal(command.document.number, "document")
    if not command.HasField("happened_on"):
        _decide(session, entry, LifeEventState.REVOKED, caller)
        await _revoke(session, row, entry, context)
        return described(entry, row.area_code, context.ring)
    if entry.kind is LifeEventKind.ID_NUMBER:
        raise NumberHasNoOtherDay
    happened_on = day_of("happened_on", command.happened_on)
    if happened_on == entry.happened_on:
        raise SameDay(life_event_id=entry.life_event_id, happened_on=happened_on)
    _check_day(session, row, "happened_on", happened_on)
    _decide(session, entry, LifeEventState.CORRECTED, caller)
    await session.flush()  # one entry of a kind is in force at most
    right = _entry(session, row, entry.kind, happened_on, caller)
    _prove(right, command.document, context.ring)
    right.replaces = entry.life_event_id
    right.application_id = entry.application_id
    _move_day(session, row, entry, happened_on)
    return described(right, row.area_code, context.ring)


async def change_id_number(
    session: Session, command: api.ChangeElderIdNumber, caller: Caller, context: Context
) -> events.ElderChanged:
    """The same person has another number; the former one is kept, sealed. Raises: KnownAlready,
    and what a registration raises about a number.
    """
    version = wire.version_read(command)
    row = await session.get_locked(Elder, UUID(command.elder_id), caller, version=version)
    today = local_day(session.now)
    entry = _entry(session, row, LifeEventKind.ID_NUMBER, today, caller)
    _prove(entry, command.document, context.ring)
    entry.former_id_number_sealed = row.id_number_sealed
    for refusal in number_faults(command.id_number, today):
        raise refusal
    await _take_number(session, row, command.id_number, context.ring)
    row.effective_on = None
    return emit(session, events.ElderChanged(elder=public(row)), row)


async def _locked(session: Session, life_event_id: str, caller: Caller) -> tuple[Elder, LifeEvent]:
    """The entry and its elder, locked in the order in which reports lock them."""
    key = UUID(life_event_id)
    found = await session.get(LifeEvent, key)
    if found is None:
        raise NotFound(LifeEvent, life_event_id, field="life_event_id")
    row = await session.get_locked(Elder, found.elder_id, caller)
    if has_interest(caller, person=row.elder_id):
        raise OwnElder(elder_id=row.elder_id)
    return row, await session.get_locked(LifeEvent, key)


async def _undecided(session: Session, elder_id: UUID) -> LifeEvent | None:
    wanted = select(LifeEvent).where(
        col(LifeEvent.elder_id) == elder_id, col(LifeEvent.state) == LifeEventState.REPORTED
    )
    return (await session.exec(wanted.with_for_update())).first()


def _entry(
    session: Session,
    row: Elder,
    kind: LifeEventKind,
    happened_on: date,
    caller: Caller,
    state: LifeEventState = LifeEventState.IN_FORCE,
) -> LifeEvent:
    entry = LifeEvent(
        life_event_id=ids.new(),
        elder_id=row.elder_id,
        kind=kind,
        state=state,
        happened_on=happened_on,
        reported_by=caller.subject,
        reported_as=OFFICIAL if OFFICIAL in caller.roles else min(caller.roles),
        reported_at=session.now,
    )
    session.add(entry)
    return entry


def _prove(entry: LifeEvent, document: api.Document, ring: KeyRing) -> None:
    entry.document_kind = DocumentKind(document.kind)
    entry.document_number_sealed = ring.seal(document.number, "document")


def _decide(session: Session, entry: LifeEvent, state: LifeEventState, caller: Caller) -> None:
    entry.state = state
    entry.decided_by = caller.subject
    entry.decided_at = session.now


async def _accept(
    session: Session,
    row: Elder,
    report: LifeEvent,
    died_on: date,
    document: api.Document,
    caller: Caller,
    context: Context,
) -> LifeEvent:
    """The report is a fact; where it named another day than the document, an entry with the right
    day takes its place.
    """
    final = report
    if report.happened_on == died_on:
        _decide(session, report, LifeEventState.IN_FORCE, caller)
    else:
        _decide(session, report, LifeEventState.CORRECTED, caller)
        final = _entry(session, row, LifeEventKind.DEATH, died_on, caller)
        final.replaces = report.life_event_id
    _prove(final, document, context.ring)
    await _record_death(session, row, final)
    return final


async def _record_death(session: Session, row: Elder, entry: LifeEvent) -> None:
    row.status = Status.DEAD
    row.died_on = entry.happened_on
    row.reported_died_on = None
    row.effective_on = entry.happened_on
    entry.application_id = await applications.close(session, row.elder_id)
    emit(session, events.ElderDied(elder=public(row)), row)


async def _revoke(session: Session, row: Elder, entry: LifeEvent, context: Context) -> None:
    """The elder is again as if it had not happened, from that day on."""
    row.effective_on = entry.happened_on
    if entry.kind is LifeEventKind.ID_NUMBER and entry.former_id_number_sealed:
        row.effective_on = None
        former = context.ring.open(entry.former_id_number_sealed, "id_number")
        await _take_number(session, row, former, context.ring)
    elif entry.kind is LifeEventKind.DEATH:
        row.died_on = None
        row.status = Status.MOVED_OUT if row.moved_out_on else Status.ALIVE
    elif entry.kind is LifeEventKind.MOVED_OUT:
        row.moved_out_on = None
        row.status = row.status if row.status is Status.DEAD else Status.ALIVE
    emit(session, events.ElderChanged(elder=public(row)), row)
    if row.status is not Status.ALIVE or entry.kind is LifeEventKind.ID_NUMBER:
        return
    if entry.application_id:
        await applications.open_again(session, entry.application_id)
    await assessments.expect_again(session, row.elder_id)


def _move_day(session: Session, row: Elder, entry: LifeEvent, happened_on: date) -> None:
    row.effective_on = min(entry.happened_on, happened_on)
    if entry.kind is LifeEventKind.DEATH:
        row.died_on = happened_on
    else:
        row.moved_out_on = happened_on
    dead = row.status is Status.DEAD
    state = public(row)
    event = events.ElderDied(elder=state) if dead else events.ElderChanged(elder=state)
    emit(session, event, row)


async def _take_number(session: Session, row: Elder, id_number: str, ring: KeyRing) -> None:
    await rotation.one_at_a_time(session, ring.digests("id_number", id_number))
    there = await known(session, ring, [id_number])
    if any(elder.elder_id != row.elder_id for elder in there.values()):
        raise known_already(there)
    for column, value in columns_of_number(id_number, ring).items():
        setattr(row, column, value)
    try:
        await session.flush()
    except IntegrityError as error:
        raise KnownAlready from error


def _check_day(session: Session, row: Elder, field: str, day: date) -> None:
    if not row.born_on <= day <= local_day(session.now):
        raise ImpossibleDay(field=field, day=day.isoformat(), why=NOT_WITHIN_LIFE)
