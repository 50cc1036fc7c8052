"""Completes assessments, takes objections, and puts levels in force."""

from datetime import date, datetime, timedelta
from uuid import UUID

from eldercare.assessment.v1 import api_pb2 as api
from eldercare.assessment.v1 import events_pb2 as events
from google.protobuf import json_format
from sqlmodel import col, select

from assessment.applications import flows as applications
from assessment.applications.errors import ApplicationNotOpen
from assessment.applications.rules import ApplicationState, Channel, Duty
from assessment.applications.tables import Application
from assessment.assessments import queries, rules
from assessment.assessments.errors import (
    AppealedBefore,
    AppealTooLate,
    AssessmentNotPublic,
    NothingToSign,
    NotTheAssessor,
    OnePersonTwice,
    OtherResult,
    PublicityOver,
    PublicityRunning,
    SignedAlready,
)
from assessment.assessments.rules import AssessmentState, Limits
from assessment.assessments.tables import Assessment
from assessment.context import Context
from assessment.elders.errors import ElderNotAlive
from assessment.elders.rules import Status
from assessment.elders.tables import Elder
from assessment.limits import calendar, exceptions, procedure
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
    """Scores the 26 answers; the caller signs them, and the other assessors have to. A record in
    the place of one that not all have signed is signed anew.
    """
    application = await _assigned(session, command, caller)
    signer = await _signer(session, application, caller)
    command.ClearField("version")  # no part of the record
    record = json_format.MessageToJson(command, preserving_proto_field_name=True, indent=None)
    application.record_sealed = context.ring.seal(record, "record")
    application.assessment_id = ids.new()
    application.assessed_at = session.now
    application.signed_ids, application.signed_by = [signer], [caller.subject]
    return _signed(session, application, _result(command, application, session.now))


async def sign(
    session: Session, command: api.SignAssessment, caller: Caller, context: Context
) -> events.AssessmentCompleted:
    """The caller, one of the assessors, signs what another recorded; with the last signature the
    result is there and publicity begins.
    """
    application = await _assigned(session, command, caller)
    signer = await _signer(session, application, caller)
    key = application.application_id
    if application.record_sealed is None:
        raise NothingToSign(application_id=key)
    if signer in application.signed_ids:
        raise SignedAlready(application_id=key)
    if caller.subject in application.signed_by:
        raise OnePersonTwice(application_id=key)
    record = context.ring.open(application.record_sealed, "record")
    recorded = json_format.Parse(record, api.CompleteAssessment())
    row = _result(recorded, application, session.now)
    if (row.total_points, row.level) != (command.total_points, command.level):
        raise OtherResult(application_id=key)
    application.signed_ids = [*application.signed_ids, signer]
    application.signed_by = [*application.signed_by, caller.subject]
    return _signed(session, application, row)


async def approve(
    session: Session, command: api.ApproveAssessment, caller: Caller
) -> events.AssessmentApproved:
    """Puts a level in force after publicity, and sets the clock of its re-assessment; what was in
    force before is replaced.

    Validity counts from the day of the assessment: an approval that comes late lengthens nothing.
    """
    row, application = await _decidable(session, command.assessment_id, caller)
    await _replace(session, row.elder_id)
    assessed_on = local_day(application.assessed_at or row.completed_at)
    numbers = procedure(assessed_on)
    row.state = AssessmentState.IN_FORCE
    row.valid_from = assessed_on
    row.valid_to = rules.months_later(assessed_on, numbers.validity_months)
    row.approved_at = session.now
    again_on = row.valid_to - numbers.reassessment_lead
    set_timer(session, day_start(again_on), REASSESS, str(row.assessment_id))
    application.state = ApplicationState.APPROVED
    application.version += 1
    event = wire.message(events.AssessmentApproved, row, approved_at=session.now)
    return emit(session, event, row)


async def reject(
    session: Session, command: api.RejectAssessment, caller: Caller, context: Context
) -> events.AssessmentRejected:
    """Does not put a level in force; what is in force stays, and the elder may appeal."""
    row, application = await _decidable(session, command.assessment_id, caller)
    row.state = AssessmentState.REJECTED
    row.rejected_at = session.now
    row.grounds_sealed = context.ring.seal(command.grounds, "grounds")
    application.state = ApplicationState.REJECTED
    application.version += 1
    return emit(session, wire.message(events.AssessmentRejected, row), row)


async def appeal(
    session: Session, command: api.AppealAssessment, caller: Caller
) -> events.AssessmentAppealed:
    """Doubts a result: one that is public never comes into force; one that was approved or rejected
    stays as it is until the review has a result. Others assess again.
    """
    row = await session.get_locked(Assessment, UUID(command.assessment_id), caller)
    await _check_alive(session, row.elder_id)
    _check_appealable(row, session.now)
    application = await session.get_locked(Application, row.application_id)
    row.appealed_at = session.now
    if row.state is AssessmentState.PUBLIC:
        row.state = AssessmentState.APPEALED
        application.state = ApplicationState.APPEALED
        application.version += 1
        # the doubted application must be closed first: one elder has one open application at most
        await session.flush()
    review = await applications.open_review(
        session, application, row.assessor_ids, Channel(command.channel), caller
    )
    event = wire.message(
        events.AssessmentAppealed,
        row,
        review_application_id=review.application_id,
        appealed_at=session.now,
    )
    return emit(session, event, row)


async def follow(session: Session, elder_id: UUID, area_code: str) -> None:
    """The elder lives elsewhere: the office of the new place has the case and its results."""
    await applications.follow(session, elder_id, area_code)
    wanted = select(Assessment).where(
        Assessment.elder_id == elder_id, col(Assessment.state).in_(rules.OF_AN_OFFICE)
    )
    for row in (await session.exec(wanted.with_for_update())).all():
        row.area_code = area_code


async def reassess(session: Session, assessment_id: UUID) -> events.ApplicationSubmitted | None:
    """Opens the routine re-assessment before a level expires; nothing where the level, the elder or
    the need is gone. Where another application is open it waits, and looks again a day later:
    that one may be withdrawn.
    """
    row = await session.get(Assessment, assessment_id)
    if row is None or row.state is not AssessmentState.IN_FORCE:
        return None
    if await applications.is_waiting(session, row.elder_id):
        set_timer(session, session.now + timedelta(days=1), REASSESS, str(assessment_id))
        return None
    return await applications.open_routine(session, row.elder_id)


async def expect_again(session: Session, elder_id: UUID) -> None:
    """Sets the clock of the re-assessment of an elder who was taken for dead or gone, and is not:
    it may have struck meanwhile.
    """
    wanted = select(Assessment).where(
        Assessment.elder_id == elder_id, Assessment.state == AssessmentState.IN_FORCE
    )
    row = (await session.exec(wanted)).first()
    if row and row.valid_from and row.valid_to and row.valid_to > local_day(session.now):
        again_on = row.valid_to - procedure(row.valid_from).reassessment_lead
        at = max(session.now, day_start(again_on))
        set_timer(session, at, REASSESS, str(row.assessment_id))


async def _assigned(
    session: Session, command: api.CompleteAssessment | api.SignAssessment, caller: Caller
) -> Application:
    key, version = UUID(command.application_id), wire.version_read(command)
    row = await session.get_locked(Application, key, caller, version=version)
    if row.state is not ApplicationState.ASSIGNED:
        raise ApplicationNotOpen(application_id=row.application_id, state=row.state.name)
    return row


async def _signer(session: Session, application: Application, caller: Caller) -> UUID:
    """Which of the assessors the caller is, by subject or worker, where nothing forbids to sign.

    Raises: NotTheAssessor, OnePersonTwice, RelativeOfElder, SecondDuty.
    """
    key = application.application_id
    own = {caller.subject, caller.worker_id}
    signers = [assessor for assessor in application.assessor_ids if str(assessor) in own]
    if not signers:
        raise NotTheAssessor(application_id=key)
    if len(signers) > 1:
        raise OnePersonTwice(application_id=key)
    await applications.check_duty(session, application, Duty.ASSESSING, caller)
    return signers[0]


def _signed(
    session: Session, application: Application, row: Assessment
) -> events.AssessmentCompleted:
    """What the record leads to; it is published once all assessors have signed."""
    application.version += 1
    first, last = local_day(row.submitted_at), local_day(row.completed_at)
    event = wire.message(
        events.AssessmentCompleted,
        row,
        assessors=len(application.signed_ids),
        years_without_calendar=rules.missing_years(first, last, calendar(last).years),
    )
    if not set(application.assessor_ids) <= set(application.signed_ids):
        return event
    session.add(row)
    application.state = ApplicationState.ASSESSED
    application.record_sealed = None
    return emit(session, event, row)


def _result(command: api.CompleteAssessment, application: Application, now: datetime) -> Assessment:
    """The row of a result by the norm of the day of the assessment; publicity begins now."""
    today = local_day(now)
    result = rules.result_of(
        wire.fields(command.answers),
        coma=command.coma,
        diagnoses=command.diagnoses,
        psychiatrist_diagnosed=command.psychiatrist_diagnosed,
        risk_events=command.risk_events,
        limits=limits(local_day(application.assessed_at or now)),
    )
    points = result.points
    return wire.row(
        Assessment,
        command,
        assessment_id=application.assessment_id,
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
        record_sealed=application.record_sealed,
        submitted_at=application.submitted_at,
        completed_at=now,
        public_until=_public_until(today),
        working_days=_working_days(local_day(application.submitted_at), today),
    )


async def _decidable(
    session: Session, assessment_id: str, caller: Caller
) -> tuple[Assessment, Application]:
    """A result whose publicity is over, with its application, which the caller may decide. Raises:
    AssessmentNotPublic, ElderNotAlive, PublicityRunning, SecondDuty.
    """
    row = await session.get_locked(Assessment, UUID(assessment_id), caller)
    if row.state is not AssessmentState.PUBLIC:
        raise AssessmentNotPublic(assessment_id=row.assessment_id, state=row.state.name)
    await _check_alive(session, row.elder_id)
    if session.now < row.public_until:
        raise PublicityRunning(
            assessment_id=row.assessment_id, public_until=row.public_until.isoformat()
        )
    application = await session.get_locked(Application, row.application_id)
    await applications.check_duty(session, application, Duty.APPROVING, caller)
    return row, application


def _check_appealable(row: Assessment, now: datetime) -> None:
    key = row.assessment_id
    if row.state is AssessmentState.PUBLIC:
        if now >= row.public_until:
            raise PublicityOver(assessment_id=key, public_until=row.public_until.isoformat())
        return
    decided_at = row.rejected_at or row.approved_at
    if row.state not in rules.DECIDED or decided_at is None:
        raise AssessmentNotPublic(assessment_id=key, state=row.state.name)
    if row.appealed_at is not None:
        raise AppealedBefore(assessment_id=key)
    until = queries.appeal_until(decided_at)
    if now >= until:
        raise AppealTooLate(assessment_id=key, appeal_until=until.isoformat())


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
    return rules.working_days(first, last, *exceptions(first, last))
