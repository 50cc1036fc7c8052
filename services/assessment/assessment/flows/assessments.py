"""Completes assessments, hears doubts, and puts levels in force."""

from datetime import date, datetime, timedelta
from uuid import UUID

from eldercare.assessment.v1 import api_pb2 as api
from eldercare.assessment.v1 import events_pb2 as said
from google.protobuf import json_format

from assessment import rules
from assessment.errors import (
    ApplicationNotOpen,
    AssessmentNotPublic,
    ElderNotAlive,
    NotTheAssessor,
    PublicityOver,
    PublicityRunning,
)
from assessment.flows import applications, lookups
from assessment.ground import Ground
from assessment.rules import ApplicationState, AssessmentState, Channel, Status
from assessment.tables import Application, Assessment, Elder
from kit.contracts import ids, wire
from kit.contracts.clock import day_start, local_day
from kit.db.store import Session
from kit.messaging.outbox import emit
from kit.runtime.timers import set_timer
from kit.security.access import Caller

SCALE = "GBT42195-2022"


async def complete(
    session: Session, command: api.CompleteAssessment, caller: Caller, ground: Ground
) -> said.AssessmentCompleted:
    """Scores the 26 answers and begins publicity."""
    application = await session.get_locked(Application, UUID(command.application_id), caller)
    if application.state is not ApplicationState.ASSIGNED:
        raise ApplicationNotOpen(application.application_id, application.state.name)
    if not {caller.subject, caller.worker_id} & {
        str(assessor) for assessor in application.assessor_ids
    }:
        raise NotTheAssessor(application.application_id)
    today = local_day(session.now)
    result = rules.result_of(
        wire.fields(command.answers),
        coma=command.coma,
        diagnoses=command.diagnoses,
        psychiatrist_diagnosed=command.psychiatrist_diagnosed,
        risk_events=command.risk_events,
        limits=ground.limits(today),
    )
    points = result.points
    row = wire.row(
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
        record_sealed=ground.ring.seal(
            json_format.MessageToJson(command, preserving_proto_field_name=True, indent=None),
            "record",
        ),
        submitted_at=application.submitted_at,
        completed_at=session.now,
        public_until=_public_until(today, ground),
        working_days=_working_days(local_day(application.submitted_at), today, ground),
    )
    session.add(row)
    application.state = ApplicationState.ASSESSED
    return emit(
        session, wire.message(said.AssessmentCompleted, row, assessors=len(row.assessor_ids)), row
    )


async def approve(
    session: Session, command: api.ApproveAssessment, caller: Caller, ground: Ground
) -> said.AssessmentApproved:
    """Puts a level in force after publicity, and sets the clock of its re-assessment; what was in
    force before is replaced.
    """
    row = await _public(session, command.assessment_id, caller)
    await _alive(session, row.elder_id)
    if session.now < row.public_until:
        raise PublicityRunning(row.assessment_id, row.public_until)
    if (before := await lookups.in_force(session, row.elder_id)) is not None:
        before.state = AssessmentState.REPLACED
        await (
            session.flush()
        )  # before the new one comes into force: two at once break a unique index
    today = local_day(session.now)
    row.state, row.valid_from = AssessmentState.IN_FORCE, today
    row.valid_to = rules.months_later(today, ground.value("procedure.validity_months", today))
    lead = timedelta(days=ground.value("procedure.reassessment_lead_days", today))
    set_timer(
        session, day_start(row.valid_to - lead), applications.REASSESS, str(row.assessment_id)
    )
    application = await session.get_locked(Application, row.application_id)
    application.state = ApplicationState.APPROVED
    return emit(session, wire.message(said.AssessmentApproved, row, approved_at=session.now), row)


async def appeal(
    session: Session, command: api.AppealAssessment, caller: Caller
) -> said.AssessmentAppealed:
    """Doubts a result during publicity: it never comes into force, and others assess again."""
    row = await _public(session, command.assessment_id, caller)
    await _alive(session, row.elder_id)
    if session.now >= row.public_until:
        raise PublicityOver(row.assessment_id, row.public_until)
    application = await session.get_locked(Application, row.application_id)
    row.state, application.state = AssessmentState.APPEALED, ApplicationState.APPEALED
    await (
        session.flush()
    )  # the doubted application is no longer open: one elder has one open application at most
    review = applications.open_review(session, row, application, Channel(command.channel))
    told = wire.message(
        said.AssessmentAppealed,
        row,
        review_application_id=review.application_id,
        appealed_at=session.now,
    )
    return emit(session, told, row)


async def _public(session: Session, assessment_id: str, caller: Caller) -> Assessment:
    row = await session.get_locked(Assessment, UUID(assessment_id), caller)
    if row.state is not AssessmentState.PUBLIC:
        raise AssessmentNotPublic(row.assessment_id, row.state.name)
    return row


async def _alive(session: Session, elder_id: UUID) -> None:
    elder = await session.get_locked(Elder, elder_id)
    if elder.status is not Status.ALIVE:
        raise ElderNotAlive(elder_id, elder.status.name)


def _public_until(today: date, ground: Ground) -> datetime:
    """The end of the last day of publicity; the day of the result is not counted."""
    return day_start(today + timedelta(days=ground.value("procedure.publicity_days", today) + 1))


def _working_days(first: date, last: date, ground: Ground) -> int:
    holidays, workdays = set[date](), set[date]()
    for year in range(first.year, last.year + 1):
        on = date(year, 1, 1)
        holidays.update(ground.value("workdays.holidays", on))
        workdays.update(ground.value("workdays.workdays", on))
    return rules.working_days(first, last, holidays, workdays)
