"""Reads settlements."""

from uuid import UUID

from eldercare.supervision.v1 import api_pb2 as pb
from sqlmodel import col, select
from sqlmodel.sql.expression import SelectOfScalar

from kit.contracts import wire
from kit.contracts.refusals import NotFound
from kit.db.paging import page
from kit.db.store import Session
from kit.security.access import Caller, area_range, scoped
from supervision.settlements.rules.verdict import State
from supervision.settlements.tables import Settlement

DEFAULT_PAGE = 50  # rows of a page where none is asked for


async def settlement(session: Session, request: pb.GetSettlement, caller: Caller) -> pb.Settlement:
    """One verdict. Raises: NotFound."""
    query = _visible(caller).where(Settlement.settlement_id == UUID(request.settlement_id))
    row = (await session.exec(query)).first()
    if row is None:
        raise NotFound("settlement", request.settlement_id)
    return wire.message(pb.Settlement, row)


async def settlements(
    session: Session, request: pb.ListSettlements, caller: Caller
) -> pb.SettlementPage:
    """Verdicts in the order they were made."""
    query = _visible(caller)
    if request.HasField("area_code"):
        query = query.where(col(Settlement.area_code).between(*area_range(request.area_code)))
    if request.HasField("organisation_id"):
        query = query.where(Settlement.organisation_id == UUID(request.organisation_id))
    if request.HasField("state"):
        query = query.where(Settlement.state == State(request.state))
    rows, after = await page(session, query, Settlement.settlement_id, request, DEFAULT_PAGE)
    return pb.SettlementPage(rows=[wire.message(pb.Settlement, row) for row in rows], next=after)


def _visible(caller: Caller) -> SelectOfScalar[Settlement]:
    return scoped(
        select(Settlement),
        caller,
        area=Settlement.area_code,
        organisation=Settlement.organisation_id,
    )
