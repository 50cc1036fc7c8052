"""What callers read of payments: only rows that the caller may see."""

from uuid import UUID

from eldercare.subsidy.v1 import api_pb2 as pb
from eldercare.subsidy.v1 import events_pb2 as events
from sqlmodel import col, select

from kit.db.store import Session
from kit.security.access import Caller, scoped
from subsidy.listing import in_area, page_of
from subsidy.payments.tables import Payment


async def payments(session: Session, request: pb.ListPayments, caller: Caller) -> pb.PaymentPage:
    """A page of payments in the order of their ids."""
    wanted = scoped(
        select(Payment),
        caller,
        area=Payment.area_code,
        organisation=Payment.organisation_id,
        person=Payment.elder_id,
    )
    wanted = wanted.where(*in_area(request, Payment.area_code))
    if request.HasField("organisation_id"):
        wanted = wanted.where(col(Payment.organisation_id) == UUID(request.organisation_id))
    if request.HasField("month"):
        wanted = wanted.where(col(Payment.month) == request.month)
    rows, last = await page_of(session, events.PaymentMade, wanted, Payment.payment_id, request)
    return pb.PaymentPage(rows=rows, next=last)
