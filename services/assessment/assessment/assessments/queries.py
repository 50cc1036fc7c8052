"""Selects → replies; lists begin with the caller's scope."""

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from uuid import UUID

from eldercare.assessment.v1 import api_pb2 as api
from sqlalchemy import func
from sqlmodel import col, select

from assessment.assessments.rules import DECIDED, AssessmentState
from assessment.assessments.tables import Assessment
from assessment.context import PAGE, Context
from assessment.elders.rules import Status
from assessment.elders.tables import Elder
from assessment.limits import calendar, procedure
from kit.contracts import wire
from kit.contracts.clock import day_start, local_day
from kit.db.paging import page
from kit.db.personal import mask
from kit.db.store import Session
from kit.security import access
from kit.security.access import Caller


async def assessment(
    session: Session, question: api.GetAssessment, caller: Caller, context: Context
) -> api.Assessment:
    """One result."""
    key = UUID(question.assessment_id)
    row = await session.get_seen(Assessment, key, caller, area="area_code", person="elder_id")
    return _described(row, context)


async def assessments(
    session: Session, question: api.ListAssessments, caller: Caller, context: Context
) -> api.AssessmentPage:
    """A page of results."""
    wanted = access.scoped(
        select(Assessment), caller, area=Assessment.area_code, person=Assessment.elder_id
    )
    if question.area_code:
        inside = access.area_range(question.area_code)
        wanted = wanted.where(col(Assessment.area_code).between(*inside))
    if question.HasField("elder_id"):
        wanted = wanted.where(Assessment.elder_id == UUID(question.elder_id))
    if question.HasField("state"):
        wanted = wanted.where(col(Assessment.state) == question.state)
    rows, then = await page(session, wanted, Assessment.assessment_id, question, PAGE)
    return api.AssessmentPage(rows=[_described(row, context) for row in rows], next=then)


async def publicity(
    session: Session, question: api.ListPublicity, context: Context
) -> api.PublicityPage:
    """A page of the results that are public now, for everybody: of no living person more than a
    masked name, the community and the level.
    """
    wanted = (
        select(Assessment)
        .join(Elder, col(Elder.elder_id) == col(Assessment.elder_id))
        .where(
            col(Assessment.state) == AssessmentState.PUBLIC,
            col(Assessment.public_until) > session.now,
            col(Elder.status) == Status.ALIVE,
        )
    )
    if question.HasField("area_code"):
        inside = access.area_range(question.area_code)
        wanted = wanted.where(col(Assessment.area_code).between(*inside))
    rows, then = await page(session, wanted, Assessment.assessment_id, question, PAGE)
    names = await _names(session, [row.elder_id for row in rows], context)
    return api.PublicityPage(rows=[_public(row, names[row.elder_id]) for row in rows], next=then)


def calendars(session: Session) -> api.CalendarPage:
    """The years whose holidays are known."""
    found = []
    for year in calendar(local_day(session.now)).years:
        known = calendar(date(year, 1, 1))
        holidays, workdays = (map(str, days) for days in (known.holidays, known.workdays))
        found.append(api.CalendarPage.Row(year=year, holidays=holidays, workdays=workdays))
    return api.CalendarPage(rows=found)


def appeal_until(decided_at: datetime) -> datetime:
    """The end of the last day on which what was decided can be appealed."""
    day = local_day(decided_at)
    return day_start(day + procedure(day).appeal + timedelta(days=1))


def _described(row: Assessment, context: Context) -> api.Assessment:
    decided_at = row.rejected_at or row.approved_at
    may_appeal = decided_at is not None and row.appealed_at is None and row.state in DECIDED
    grounds = context.ring.open(row.grounds_sealed, "grounds") if row.grounds_sealed else ""
    until = appeal_until(decided_at) if decided_at and may_appeal else None
    return wire.message(api.Assessment, row, grounds=grounds, appeal_until=until)


async def _names(session: Session, elder_ids: Sequence[UUID], context: Context) -> dict[UUID, str]:
    wanted = select(Elder.elder_id, Elder.name_sealed).where(
        col(Elder.elder_id) == func.any(sorted(elder_ids))
    )
    rows = (await session.exec(wanted)).all()
    return {elder_id: mask("name", context.ring.open(name, "name")) for elder_id, name in rows}


def _public(row: Assessment, name: str) -> api.PublicityPage.Row:
    first_day = local_day(row.completed_at)
    last_day = local_day(row.public_until) - timedelta(days=1)
    return wire.message(
        api.PublicityPage.Row, row, name=name, first_day=first_day, last_day=last_day
    )
