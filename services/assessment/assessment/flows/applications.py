"""Takes applications, names assessors, and lets applicants withdraw."""

from uuid import UUID

from eldercare.assessment.v1 import api_pb2 as api
from eldercare.assessment.v1 import events_pb2 as said

from assessment.errors import ApplicationNotOpen, ApplicationOpen, AssessorDoubted, ElderNotAlive
from assessment.flows import lookups
from assessment.rules import (
    WAITING,
    ApplicationState,
    AssessmentReason,
    AssessmentState,
    Channel,
    Status,
)
from assessment.tables import Application, Assessment, Elder
from kit.contracts import ids, wire
from kit.db.store import Session
from kit.messaging.outbox import emit
from kit.security.access import Caller

REASSESS = "reassess"


async def submit(
    session: Session, command: api.SubmitApplication, caller: Caller
) -> said.ApplicationSubmitted:
    """Asks for an assessment; the elder's lock lets one of two at once through."""
    elder = await session.get_locked(Elder, UUID(command.elder_id), caller)
    if elder.status is not Status.ALIVE:
        raise ElderNotAlive(elder.elder_id, elder.status.name)
    if (there := await lookups.open_application(session, elder.elder_id)) is not None:
        raise ApplicationOpen(elder.elder_id, there)
    row = wire.row(
        Application,
        command,
        application_id=ids.new(),
        area_code=elder.area_code,
        submitted_at=session.now,
        state=ApplicationState.SUBMITTED,
        assessor_ids=[],
        excluded_ids=[],
    )
    session.add(row)
    return emit(session, wire.message(said.ApplicationSubmitted, row), row)


async def assign(
    session: Session, command: api.AssignAssessors, caller: Caller
) -> said.AssessorsAssigned:
    """Names the assessors, or names others before the assessment took place."""
    row = await _waiting(session, command.application_id, caller)
    chosen = [UUID(assessor) for assessor in command.assessor_ids]
    for assessor in chosen:
        if assessor in row.excluded_ids:
            raise AssessorDoubted(assessor)
    row.assessor_ids, row.state = chosen, ApplicationState.ASSIGNED
    return emit(session, wire.message(said.AssessorsAssigned, row, assigned_at=session.now), row)


async def withdraw(
    session: Session, command: api.WithdrawApplication, caller: Caller
) -> said.ApplicationWithdrawn:
    """Ends an application before a result is known."""
    return _end(session, await _waiting(session, command.application_id, caller))


async def reassess(session: Session, assessment_id: UUID) -> said.ApplicationSubmitted | None:
    """Opens the routine re-assessment before a level expires; nothing where the level, the elder or
    the need is gone.
    """
    before = await session.get(Assessment, assessment_id)
    if before is None or before.state is not AssessmentState.IN_FORCE:
        return None
    elder = await session.get_locked(Elder, before.elder_id)
    if (
        elder.status is not Status.ALIVE
        or await lookups.open_application(session, elder.elder_id) is not None
    ):
        return None
    row = Application(
        application_id=ids.new(),
        elder_id=elder.elder_id,
        area_code=elder.area_code,
        reason=AssessmentReason.ROUTINE,
        channel=Channel.PLATFORM,
        state=ApplicationState.SUBMITTED,
        submitted_at=session.now,
        assessor_ids=[],
        excluded_ids=[],
    )
    session.add(row)
    return emit(session, wire.message(said.ApplicationSubmitted, row), row)


async def close(session: Session, elder_id: UUID) -> None:
    """Ends what an elder who died or moved away still waits for; a result that is public already
    stays, and is never approved.
    """
    for row in await lookups.waiting_applications(session, elder_id):
        _end(session, row)


def open_review(
    session: Session, doubted: Assessment, before: Application, channel: Channel
) -> Application:
    """A new application whose assessors must be others than those of the doubted result and of
    those before it.
    """
    row = Application(
        application_id=ids.new(),
        elder_id=doubted.elder_id,
        area_code=doubted.area_code,
        reason=AssessmentReason.REVIEW,
        channel=channel,
        state=ApplicationState.SUBMITTED,
        submitted_at=session.now,
        assessor_ids=[],
        excluded_ids=sorted({*before.excluded_ids, *doubted.assessor_ids}),
    )
    session.add(row)
    emit(session, wire.message(said.ApplicationSubmitted, row), row)
    return row


def _end(session: Session, row: Application) -> said.ApplicationWithdrawn:
    row.state = ApplicationState.WITHDRAWN
    return emit(
        session, wire.message(said.ApplicationWithdrawn, row, withdrawn_at=session.now), row
    )


async def _waiting(session: Session, application_id: str, caller: Caller) -> Application:
    row = await session.get_locked(Application, UUID(application_id), caller)
    if row.state not in WAITING:
        raise ApplicationNotOpen(row.application_id, row.state.name)
    return row
