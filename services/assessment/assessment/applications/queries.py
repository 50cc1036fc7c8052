"""Selects → replies; lists begin with the caller's scope."""

from uuid import UUID

from eldercare.assessment.v1 import api_pb2 as api
from sqlmodel import col, select

from assessment.applications.tables import Application
from assessment.context import PAGE
from kit.contracts import wire
from kit.db.paging import page
from kit.db.store import Session
from kit.security import access
from kit.security.access import Caller


async def application(
    session: Session, question: api.GetApplication, caller: Caller
) -> api.Application:
    """One application."""
    key = UUID(question.application_id)
    row = await session.get_seen(Application, key, caller, area="area_code", person="elder_id")
    return wire.message(api.Application, row)


async def applications(
    session: Session, question: api.ListApplications, caller: Caller
) -> api.ApplicationPage:
    """A page of applications."""
    wanted = access.scoped(
        select(Application), caller, area=Application.area_code, person=Application.elder_id
    )
    if question.area_code:
        inside = access.area_range(question.area_code)
        wanted = wanted.where(col(Application.area_code).between(*inside))
    if question.HasField("elder_id"):
        wanted = wanted.where(Application.elder_id == UUID(question.elder_id))
    if question.HasField("state"):
        wanted = wanted.where(col(Application.state) == question.state)
    rows, then = await page(session, wanted, Application.application_id, question, PAGE)
    return api.ApplicationPage(rows=[wire.message(api.Application, row) for row in rows], next=then)
