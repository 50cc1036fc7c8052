"""What supervision tells."""

from uuid import UUID

from eldercare.supervision.v1 import api_pb2 as pb
from sqlmodel import select

from kit.contracts import wire
from kit.contracts.refusals import NotFound
from kit.db.paging import page
from kit.db.store import Session
from kit.security.access import Caller, area_range, scoped
from supervision.rules.verdict import State
from supervision.tables import Complaint, Settlement

USUAL = 50  # rows of a page where none is asked for


async def settlement(session: Session, request: pb.GetSettlement, caller: Caller) -> pb.Settlement:
    """One verdict. Raises: NotFound."""
    query = scoped(
        select(Settlement),
        caller,
        area=Settlement.area_code,
        organisation=Settlement.organisation_id,
    )
    row = (
        await session.exec(query.where(Settlement.settlement_id == UUID(request.settlement_id)))
    ).first()
    if row is None:
        raise NotFound("settlement", request.settlement_id)
    return wire.message(pb.Settlement, row)


async def settlements(
    session: Session, request: pb.ListSettlements, caller: Caller
) -> pb.SettlementPage:
    """Verdicts in the order they were made."""
    query = scoped(
        select(Settlement),
        caller,
        area=Settlement.area_code,
        organisation=Settlement.organisation_id,
    )
    if request.HasField("area_code"):
        query = query.where(Settlement.area_code.between(*area_range(request.area_code)))  # type: ignore[attr-defined]
    if request.HasField("organisation_id"):
        query = query.where(Settlement.organisation_id == UUID(request.organisation_id))
    if request.HasField("state"):
        query = query.where(Settlement.state == State(request.state))
    rows, then = await page(session, query, Settlement.settlement_id, request, USUAL)
    return pb.SettlementPage(rows=[wire.message(pb.Settlement, row) for row in rows], next=then)


async def complaints(
    session: Session, request: pb.ListComplaints, caller: Caller
) -> pb.ComplaintPage:
    """Complaints in the order they were filed."""
    query = scoped(
        select(Complaint),
        caller,
        area=Complaint.area_code,
        organisation=Complaint.organisation_id,
        person=Complaint.elder_id,
    )
    if request.HasField("area_code"):
        query = query.where(Complaint.area_code.between(*area_range(request.area_code)))  # type: ignore[attr-defined]
    rows, then = await page(session, query, Complaint.complaint_id, request, USUAL)
    return pb.ComplaintPage(rows=[wire.message(pb.Complaint, row) for row in rows], next=then)
