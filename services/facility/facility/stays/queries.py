"""Selects → replies; lists begin with the caller's scope."""

from datetime import date
from uuid import UUID

from eldercare.facility.v1 import api_pb2 as api
from sqlalchemy import ColumnElement, and_, or_
from sqlmodel import col, select

from facility.context import PAGE
from facility.stays.tables import Stay
from kit.contracts import wire
from kit.db.paging import page
from kit.db.store import Session
from kit.security import access
from kit.security.access import Caller


async def stays(session: Session, question: api.ListStays, caller: Caller) -> api.StayPage:
    """A page of stays."""
    wanted = access.scoped(
        select(Stay),
        caller,
        area=Stay.area_code,
        organisation=Stay.organisation_id,
        person=Stay.elder_id,
    )
    if question.HasField("area_code"):
        inside = access.area_range(question.area_code)
        wanted = wanted.where(col(Stay.area_code).between(*inside))
    if question.HasField("facility_id"):
        wanted = wanted.where(Stay.facility_id == UUID(question.facility_id))
    rows, then = await page(session, wanted, Stay.stay_id, question, PAGE)
    return api.StayPage(rows=[wire.message(api.Stay, row) for row in rows], next=then)


def on_day(day: date) -> ColumnElement[bool]:
    """Stays of a day: the one definition of who lies there, for beds and for staffing."""
    unended = col(Stay.ended_on).is_(None)
    return and_(col(Stay.began_on) <= day, or_(unended, col(Stay.ended_on) > day))
