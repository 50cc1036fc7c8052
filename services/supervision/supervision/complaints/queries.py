"""Reads complaints."""

from eldercare.supervision.v1 import api_pb2 as pb
from sqlmodel import col, select

from kit.contracts import wire
from kit.db.paging import page
from kit.db.store import Session
from kit.security.access import Caller, area_range, scoped
from supervision.complaints.tables import Complaint

DEFAULT_PAGE = 50  # rows of a page where none is asked for


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
        query = query.where(col(Complaint.area_code).between(*area_range(request.area_code)))
    rows, after = await page(session, query, Complaint.complaint_id, request, DEFAULT_PAGE)
    return pb.ComplaintPage(rows=[wire.message(pb.Complaint, row) for row in rows], next=after)
