"""Completes assessments, takes objections, and puts levels in force."""

from datetime import date, datetime, timedelta
from uuid import UUID

from eldercare.assessment.v1 import api_pb2 as api
from eldercare.assessment.v1 import events_pb2 as events
from google.protobuf import json_format
from sqlmodel import select

from assessment.applications import flows as applications
from assessment.applications.errors import ApplicationNotOpen
from assessment.applications.rules import ApplicationState, Channel
from assessment.applications.tables import Application
from assessment.assessments import rules
from assessment.assessments.errors import (
    AssessmentNotPublic,
    NotTheAssessor,
    PublicityOver,
    PublicityRunning,
)
from assessment.assessments.rules import AssessmentState, Limits
from assessment.assessments.tables import Assessment
from assessment.context import Context
from assessment.elders.errors import ElderNotAlive
from assessment.elders.rules import Status
from assessment.elders.tables import Elder
from assessment.limits import calendar, procedure
from kit.contracts import ids, standards, wire
from kit.contracts.clock import day_start, local_day
from kit.db.store import Session
from kit.messaging.outbox import emit
from kit.runtime.timers import set_timer
from kit.security.access import Caller

SCALE = "GBT42195-2022"
REASSESS = "reassess"  # the timer of a level in force

limits = standards.read("assessment", Limits, file="ability")


async def complete(
    session: Session, command: api.CompleteAssessment, caller: Caller, context: Context
) -> events.AssessmentCompleted:
    """Scores the 26 answers and begins publicity."""
    application = await session.get_locked(Application, UUID(command.application_id), caller)
    if application.state is not ApplicationState.ASSIGNED:
        raise ApplicationNotOpen(
            application_id=application.application_id, state=application.state.name
        )
    assessors = {str(assessor) for assessor in application.assessor_ids}
    if assessors.isdisjoint({caller.subject, caller.worker_id}):
        raise NotTheAssessor(application_id=application.application_id)
    row = _result(command, application, session.now, context)
    session.add(row)
    application.state = ApplicationState.ASSESSED
    event = wire.message(events.AssessmentCompleted, row, assessors=len(row.assessor_ids))
    return emit(session, event, row)


async def approve(
    session: Session, command: api.ApproveAssessment, caller: Caller
) -> events.AssessmentApproved:
    """Puts a level in force after publicity, and sets the clock of its re-assessment; what was in
    force before is replaced.

    Validity counts from the day of the assessment: an approval that comes late lengthens nothing.
    """
    row = await _public(session, command.assessment_id, caller)
    await _check_alive(session, row.elder_id)
    if session.now < row.public_until:
        raise PublicityRunning(
            assessment_id=row.assessment_id, public_until=row.public_until.isoformat()
        )
    await _replace(session, row.elder_id)
    assessed_on = local_day(row.completed_at)
    numbers = procedure(assessed_on)
    row.state = AssessmentState.IN_FORCE
    row.valid_from = assessed_on
    row.valid_to = rules.months_later(assessed_on, numbers.validity_months)
    again_on = row.valid_to - numbers.reassessment_lead
    set_timer(session, day_start(again_on), REASSESS, str(row.assessment_id))
    application = await session.get_locked(Application, row.application_id)
    application.state = ApplicationState.APPROVED
    event = wire.message(events.AssessmentApproved, row, approved_at=session.now)
    return emit(session, event, row)


async def appeal(
    session: Session, command: api.AppealAssessment, caller: Caller
) -> events.AssessmentAppealed:
    """Doubts a result during publicity: it never comes into force, and others assess again."""
    row = await _public(session, command.assessment_id, caller)
    await _check_alive(session, row.elder_id)
    if session.now >= row.public_until:
        raise PublicityOver(
            assessment_id=row.assessment_id, public_until=row.public_until.isoformat()
        )
    application = await session.get_locked(Application, row.application_id)
    row.state = AssessmentState.APPEALED
    application.state = ApplicationState.APPEALED
    # the doubted application must be closed first: one elder has one open application at most
    await session.flush()
    review = applications.open_review(
        session, application, row.assessor_ids, Channel(command.channel)
    )
    event = wire.message(
        events.AssessmentAppealed,
        row,
        review_application_id=review.application_id,
        appealed_at=session.now,
    )
    return emit(session, event, row)


async def reassess(session: Session, assessment_id: UUID) -> events.ApplicationSubmitted | None:
    """Opens the routine re-assessment before a level expires; nothing where the level, the elder or
    the need is gone.
    """
    row = await session.get(Assessment, assessment_id)
    if row is None or row.state is not AssessmentState.IN_FORCE:
        return None
    return await applications.open_routine(session, row.elder_id)


def _result(
    command: api.CompleteAssessment, application: Application, now: datetime, context: Context
) -> Assessment:
    """The row of a result; publicity begins now."""
    today = local_day(now)
    result = rules.result_of(
        wire.fields(command.answers),
        coma=command.coma,
        diagnoses=command.diagnoses,
        psychiatrist_diagnosed=command.psychiatrist_diagnosed,
        risk_events=command.risk_events,
        limits=limits(today),
    )
    points = result.points
    record = json_format.MessageToJson(command, preserving_proto_field_name=True, indent=None)
    return wire.row(
        Assessment,
        command,
        assessment_id=ids.new(),
        elder_id=application.elder_id,
        area_code=application.area_code,
        scale=SCALE,
        self_care_points=points.self_care_points,
        motor_points=points.motor_points,
        mental_points=points.mental_points,
        social_points=points.social_points,
        total_points=points.total_points,
        preliminary_level=result.preliminary_level,
        level=result.level,
        change_reasons=list(result.change_reasons),
        assessor_ids=application.assessor_ids,
        record_sealed=context.ring.seal(record, "record"),
        submitted_at=application.submitted_at,
        completed_at=now,
        public_until=_public_until(today),
        working_days=_working_days(local_day(application.submitted_at), today),
    )


async def _public(session: Session, assessment_id: str, caller: Caller) -> Assessment:
    row = await session.get_locked(Assessment, UUID(assessment_id), caller)
    if row.state is not AssessmentState.PUBLIC:
        raise AssessmentNotPublic(assessment_id=row.assessment_id, state=row.state.name)
    return row


async def _check_alive(session: Session, elder_id: UUID) -> None:
    elder = await session.get_locked(Elder, elder_id)
    if elder.status is not Status.ALIVE:
        raise ElderNotAlive(elder_id=elder_id, status=elder.status.name)


async def _replace(session: Session, elder_id: UUID) -> None:
    """Takes the elder's level out of force, if there is one."""
    in_force = (
        select(Assessment)
        .where(Assessment.elder_id == elder_id, Assessment.state == AssessmentState.IN_FORCE)
        .with_for_update()
    )
    before = (await session.exec(in_force)).first()
    if before is None:
        return
    before.state = AssessmentState.REPLACED
    # before the new one comes into force: two at once break a unique index
    await session.flush()


def _public_until(today: date) -> datetime:
    """The end of the last day of publicity; the day of the result is not counted."""
    return day_start(today + procedure(today).publicity + timedelta(days=1))


def _working_days(first: date, last: date) -> int:
    holidays: set[date] = set()
    workdays: set[date] = set()
    for year in range(first.year, last.year + 1):
        exceptions = calendar(date(year, 1, 1))
        holidays.update(exceptions.holidays)
        workdays.update(exceptions.workdays)
    return rules.working_days(first, last, holidays, workdays)
