"""Selects → replies; lists begin with the caller's scope."""

from typing import cast
from uuid import UUID

from eldercare.facility.v1 import api_pb2 as api
from eldercare.facility.v1 import events_pb2 as events
from sqlalchemy import and_
from sqlmodel import col, select
from sqlmodel.sql.expression import SelectOfScalar

from facility.changes.queries import changes_of
from facility.context import PAGE
from facility.facilities.tables import Bed, Facility
from facility.stays.queries import on_day
from facility.stays.tables import Stay
from kit.contracts import wire
from kit.contracts.clock import local_day
from kit.db.paging import page
from kit.db.store import Session
from kit.security import access
from kit.security.access import Caller

Occupied = tuple[Bed, UUID | None]  # a bed, and the elder who lies in it


async def facility(session: Session, question: api.GetFacility, caller: Caller) -> events.Facility:
    """One facility."""
    return wire.message(events.Facility, await _seen(session, question, caller))


async def facilities(
    session: Session, question: api.ListFacilities, caller: Caller
) -> api.FacilityPage:
    """A page of facilities."""
    wanted = access.scoped(
        select(Facility), caller, area=Facility.area_code, organisation=Facility.organisation_id
    )
    if question.HasField("area_code"):
        inside = access.area_range(question.area_code)
        wanted = wanted.where(col(Facility.area_code).between(*inside))
    rows, then = await page(session, wanted, Facility.facility_id, question, PAGE)
    return api.FacilityPage(rows=[wire.message(events.Facility, row) for row in rows], next=then)


async def changes(
    session: Session, question: api.GetFacility, caller: Caller
) -> api.FacilityChangePage:
    """What was changed of a facility."""
    row = await _seen(session, question, caller)
    kept = [
        wire.message(
            api.FacilityChange,
            change,
            facility_before=events.Facility.FromString(change.before),
            facility_after=events.Facility.FromString(change.after),
        )
        for change in await changes_of(session, row.facility_id, caller)
    ]
    return api.FacilityChangePage(rows=kept)


async def beds(session: Session, question: api.GetFacility, caller: Caller) -> api.BedPage:
    """All beds of a facility with those who lie in them today."""
    row = await _seen(session, question, caller)
    lies_there = and_(col(Stay.bed_id) == Bed.bed_id, on_day(local_day(session.now)))
    # `scoped` takes a select of one type: here it is the pair
    pairs = cast("SelectOfScalar[Occupied]", select(Bed, col(Stay.elder_id)))
    wanted = access.scoped(pairs, caller, area=Bed.area_code, organisation=Bed.organisation_id)
    wanted = (
        wanted.outerjoin(Stay, lies_there)
        .where(Bed.facility_id == row.facility_id, ~col(Bed.removed))
        .order_by(col(Bed.bed_id))
    )
    rows = (await session.exec(wanted)).all()
    return api.BedPage(
        rows=[wire.message(api.Bed, bed, elder_id=elder_id) for bed, elder_id in rows]
    )


async def _seen(session: Session, question: api.GetFacility, caller: Caller) -> Facility:
    key = UUID(question.facility_id)
    return await session.get_seen(
        Facility, key, caller, area="area_code", organisation="organisation_id"
    )
