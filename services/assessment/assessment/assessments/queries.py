"""Selects → replies; lists begin with the caller's scope."""

from uuid import UUID

from eldercare.assessment.v1 import api_pb2 as api
from sqlmodel import col, select

from assessment.assessments.tables import Assessment
from assessment.context import PAGE
from kit.contracts import wire
from kit.db.paging import page
from kit.db.store import Session
from kit.security import access
from kit.security.access import Caller


async def assessment(
    session: Session, question: api.GetAssessment, caller: Caller
) -> api.Assessment:
    """One result."""
    key = UUID(question.assessment_id)
    row = await session.get_seen(Assessment, key, caller, area="area_code", person="elder_id")
    return wire.message(api.Assessment, row)


async def assessments(
    session: Session, question: api.ListAssessments, caller: Caller
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
    return api.AssessmentPage(rows=[wire.message(api.Assessment, row) for row in rows], next=then)
