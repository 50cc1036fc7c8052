"""Takes applications, names assessors, and lets applicants withdraw."""

from collections.abc import Collection, Iterator
from uuid import UUID

from eldercare.assessment.v1 import api_pb2 as api
from eldercare.assessment.v1 import events_pb2 as events
from sqlmodel import col, select

from assessment.applications import rules
from assessment.applications.errors import (
    ApplicationNotOpen,
    ApplicationOpen,
    AssessorDoubted,
    RelativeOfElder,
    SecondDuty,
)
from assessment.applications.rules import (
    OPEN,
    WAITING,
    ApplicationState,
    AssessmentReason,
    Channel,
    Duty,
)
from assessment.applications.tables import Application
from assessment.elders.errors import ElderNotAlive
from assessment.elders.rules import Status
from assessment.elders.tables import Elder
from assessment.limits import exceptions, procedure
from kit.contracts import areas, ids, wire
from kit.contracts.clock import local_day
from kit.db.store import Session
from kit.messaging.outbox import emit
from kit.security.access import Caller, has_interest


async def submit(
    session: Session, command: api.SubmitApplication, caller: Caller
) -> events.ApplicationSubmitted:
    """Asks for an assessment; the elder's lock lets one of two at once through."""
    elder = await session.get_locked(Elder, UUID(command.elder_id), caller)
    if elder.status is not Status.ALIVE:
        raise ElderNotAlive(elder_id=elder.elder_id, status=elder.status.name)
    if (open_id := await _open_application(session, elder.elder_id)) is not None:
        raise ApplicationOpen(elder_id=elder.elder_id, application_id=open_id)
    row = wire.row(
        Application,
        command,
        application_id=ids.new(),
        area_code=elder.area_code,
        submitted_at=session.now,
        state=ApplicationState.SUBMITTED,
        assessor_ids=[],
        excluded_ids=[],
        submitted_by=caller.subject,
        signed_ids=[],
        signed_by=[],
    )
    session.add(row)
    return _emit_submitted(session, row)


def _emit_submitted(session: Session, row: Application) -> events.ApplicationSubmitted:
    """Tells of an application, and until when its result is due."""
    day = local_day(row.submitted_at)
    term = procedure(day).result_working_days
    # weekends and the longest holidays are well within a year of a term of working days
    free = exceptions(day, day.replace(year=day.year + 1, day=1))
    due_on = rules.result_due_on(day, term, *free)
    return emit(session, wire.message(events.ApplicationSubmitted, row, due_on=due_on), row)


async def assign(
    session: Session, command: api.AssignAssessors, caller: Caller
) -> events.AssessorsAssigned:
    """Names the assessors, or names others before the result is signed; what those before have
    signed is void.
    """
    row = await _waiting(session, command, caller)
    await check_duty(session, row, Duty.ASSIGNING, caller)
    chosen = [UUID(assessor) for assessor in command.assessor_ids]
    for assessor in chosen:
        if assessor in row.excluded_ids:
            raise AssessorDoubted(assessor_id=assessor)
    row.assessor_ids = chosen
    row.assigned_by = caller.subject
    _forget_record(row)
    row.state = ApplicationState.ASSIGNED
    event = wire.message(events.AssessorsAssigned, row, assigned_at=session.now)
    return emit(session, event, row)


async def withdraw(
    session: Session, command: api.WithdrawApplication, caller: Caller
) -> events.ApplicationWithdrawn:
    """Ends an application before a result is known."""
    return _end(session, await _waiting(session, command, caller))


async def check_duty(session: Session, row: Application, duty: Duty, caller: Caller) -> None:
    """Refuses who speaks for the elder, and whoever did another duty in this case, registering the
    elder and assessing before an appeal included. Raises: RelativeOfElder, SecondDuty.
    """
    if has_interest(caller, person=row.elder_id):
        raise RelativeOfElder(application_id=row.application_id)
    if not procedure(local_day(session.now)).separate_duties:
        return
    elder: Elder | None = await session.get(Elder, row.elder_id)
    done_by = {
        Duty.REGISTERING: (row.submitted_by, elder.registered_by if elder else None),
        Duty.ASSIGNING: (row.assigned_by,),
        Duty.ASSESSING: (*row.signed_by, *_doubted(row, caller)),
    }
    if done := rules.other_duty(caller.subject, duty, done_by):
        raise SecondDuty(application_id=row.application_id, done=done, duty=duty)


def _doubted(row: Application, caller: Caller) -> Iterator[str]:
    """The caller, where a result of the caller is appealed against."""
    if {caller.subject, caller.worker_id} & set(map(str, row.excluded_ids)):
        yield caller.subject


async def close(session: Session, elder_id: UUID) -> UUID | None:
    """Ends what an elder who died or moved away still waits for, and returns its id; a result that
    is public already stays, and is never approved.
    """
    waiting = (
        select(Application)
        .where(Application.elder_id == elder_id, col(Application.state).in_(WAITING))
        .with_for_update()
    )
    row = (await session.exec(waiting)).first()
    if row is None:
        return None
    _end(session, row)
    return row.application_id


async def follow(session: Session, elder_id: UUID, area_code: str) -> None:
    """The elder lives elsewhere: the office of the new place takes the open application on. In
    another county others assess; what was signed is void.
    """
    wanted = select(Application).where(
        Application.elder_id == elder_id, col(Application.state).in_(OPEN)
    )
    row = (await session.exec(wanted.with_for_update())).first()
    if row is None or row.area_code == area_code:
        return
    is_far = areas.at(row.area_code, areas.COUNTY) != areas.at(area_code, areas.COUNTY)
    row.area_code = area_code
    if row.state not in WAITING:
        row.version += 1
        return  # its result was told where it was made
    if is_far:
        row.state = ApplicationState.SUBMITTED
        row.assessor_ids, row.assigned_by = [], None
        _forget_record(row)
    emit(session, wire.message(events.ApplicationMoved, row, moved_at=session.now), row)


async def open_again(session: Session, application_id: UUID) -> None:
    """Asks again for what was ended by a death or a move that turned out to be none; nothing where
    the elder has an open application meanwhile.
    """
    ended = await session.get_locked(Application, application_id)
    if await _open_application(session, ended.elder_id) is not None:
        return
    elder = await session.get_locked(Elder, ended.elder_id)
    row = Application(
        application_id=ids.new(),
        elder_id=ended.elder_id,
        area_code=elder.area_code,
        reason=ended.reason,
        channel=Channel.PLATFORM,
        submitted_at=session.now,
        excluded_ids=ended.excluded_ids,
    )
    session.add(row)
    _emit_submitted(session, row)


async def is_waiting(session: Session, elder_id: UUID) -> bool:
    """Whether an application of the elder is open."""
    return await _open_application(session, elder_id) is not None


async def open_routine(session: Session, elder_id: UUID) -> events.ApplicationSubmitted | None:
    """Opens a routine re-assessment; nothing where the elder is gone or an application is open."""
    elder = await session.get_locked(Elder, elder_id)
    if elder.status is not Status.ALIVE:
        return None
    if await _open_application(session, elder_id) is not None:
        return None
    row = Application(
        application_id=ids.new(),
        elder_id=elder_id,
        area_code=elder.area_code,
        reason=AssessmentReason.ROUTINE,
        channel=Channel.PLATFORM,
        submitted_at=session.now,
    )
    session.add(row)
    return _emit_submitted(session, row)


async def open_review(
    session: Session,
    doubted: Application,
    assessor_ids: Collection[UUID],
    channel: Channel,
    caller: Caller,
) -> Application:
    """A new application whose assessors must be others than those of the doubted result and of
    those before it.

    assessor_ids: who made the doubted result. Raises: ApplicationOpen.
    """
    if (open_id := await _open_application(session, doubted.elder_id)) is not None:
        raise ApplicationOpen(elder_id=doubted.elder_id, application_id=open_id)
    row = Application(
        application_id=ids.new(),
        elder_id=doubted.elder_id,
        area_code=doubted.area_code,
        reason=AssessmentReason.REVIEW,
        channel=channel,
        submitted_at=session.now,
        submitted_by=caller.subject,
        excluded_ids=sorted({*doubted.excluded_ids, *assessor_ids}),
    )
    session.add(row)
    _emit_submitted(session, row)
    return row


def _end(session: Session, row: Application) -> events.ApplicationWithdrawn:
    row.state = ApplicationState.WITHDRAWN
    _forget_record(row)
    event = wire.message(events.ApplicationWithdrawn, row, withdrawn_at=session.now)
    return emit(session, event, row)


def _forget_record(row: Application) -> None:
    row.record_sealed = None
    row.signed_ids, row.signed_by = [], []


async def _waiting(
    session: Session, command: api.AssignAssessors | api.WithdrawApplication, caller: Caller
) -> Application:
    key, version = UUID(command.application_id), wire.version_read(command)
    row = await session.get_locked(Application, key, caller, version=version)
    if row.state not in WAITING:
        raise ApplicationNotOpen(application_id=row.application_id, state=row.state.name)
    return row


async def _open_application(session: Session, elder_id: UUID) -> UUID | None:
    """The elder's application that is not finished."""
    wanted = select(Application.application_id).where(
        Application.elder_id == elder_id, col(Application.state).in_(OPEN)
    )
    return (await session.exec(wanted)).first()
