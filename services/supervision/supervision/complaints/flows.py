"""Files complaints about orders, and closes them."""

from dataclasses import dataclass, field
from datetime import timedelta
from uuid import UUID

from eldercare.supervision.v1 import api_pb2 as pb
from eldercare.supervision.v1 import events_pb2 as events

from kit.contracts import ids, standards, wire
from kit.contracts.clock import local_day
from kit.contracts.refusals import NotFound
from kit.contracts.standards import key
from kit.db.store import Session
from kit.messaging.outbox import emit
from kit.security.access import Caller, check, has_interest
from supervision.complaints.errors import AlreadyClosed, NobodyCame, OwnInterest, SecondDuty
from supervision.complaints.tables import Complaint
from supervision.replicas.tables import Order
from supervision.settlements.flows import disputes


@dataclass(frozen=True, slots=True)
class Limits:
    """The numbers of standards/audit.yaml that complaints need. time_to_close: after filing, to the
    same hour. separate_duties: whether one person does one duty in a case alone.
    """

    separate_duties: bool
    time_to_close: timedelta = field(metadata=key("complaint_days"))


_limits = standards.read("supervision", Limits, file="audit")


async def file(
    session: Session, request: pb.FileComplaint, caller: Caller
) -> events.ComplaintFiled:
    """Somebody complains about an order; several complaints about one order are several. Until all
    are closed, its visit is not paid. Raises: NotFound, NobodyCame.
    """
    order = await _locked(session, UUID(request.order_id))
    if order is None:
        raise NotFound("order", request.order_id, field="order_id")
    check(caller, area=order.area_code, person=order.elder_id, kind="order", key=request.order_id)
    if order.organisation_id is None:
        raise NobodyCame(order_id=order.order_id)
    row = wire.row(
        Complaint,
        request,
        complaint_id=ids.new(),
        order_id=order.order_id,
        elder_id=order.elder_id,
        area_code=order.area_code,
        organisation_id=order.organisation_id,
        filed_at=session.now,
        filed_by=caller.subject,
        due_at=session.now + _limits(local_day(session.now)).time_to_close,
    )
    session.add(row)
    filed = emit(session, wire.message(events.ComplaintFiled, row), row)
    await session.flush()
    await disputes.complaint_filed(session, order)
    return filed


async def close(
    session: Session, request: pb.CloseComplaint, caller: Caller
) -> events.ComplaintClosed:
    """A complaint is answered, by somebody else than who filed it: a visit about which it was right
    is not paid, and one about which none is open any more is. Raises: NotFound, AlreadyClosed,
    SecondDuty.
    """
    found = await session.get(Complaint, UUID(request.complaint_id))
    # the order's lock comes first, as where a complaint is filed
    order = await _locked(session, found.order_id) if found else None
    row = await session.get_locked(Complaint, UUID(request.complaint_id))
    check(caller, area=row.area_code, kind="complaint", key=request.complaint_id)
    if row.closed:
        raise AlreadyClosed(complaint_id=row.complaint_id)
    about = order.elder_id if order else None
    if has_interest(caller, organisation=row.organisation_id, person=about):
        raise OwnInterest(complaint_id=row.complaint_id)
    if row.filed_by == caller.subject and _limits(local_day(session.now)).separate_duties:
        raise SecondDuty(complaint_id=row.complaint_id)
    row.closed = True
    closed = wire.message(
        events.ComplaintClosed,
        row,
        upheld=request.upheld,
        in_time=session.now <= row.due_at,
        closed_at=session.now,
    )
    emit(session, closed, row)
    if order is not None:
        await session.flush()
        order.complaint_upheld = order.complaint_upheld or request.upheld
        await disputes.complaint_closed(session, order, request.upheld, caller.subject)
    return closed


async def _locked(session: Session, order_id: UUID) -> Order | None:
    order: Order | None = await session.get(
        Order, order_id, with_for_update=True, populate_existing=True
    )
    return order
