"""What supervision does: judges visits, lets inspectors decide, keeps complaints."""

from datetime import date, datetime, timedelta
from functools import cache
from typing import Any
from uuid import UUID

from eldercare.dispatch.v1.events_pb2 import OrderAssigned, OrderFinished, OrderPlaced
from eldercare.supervision.v1 import api_pb2 as pb
from eldercare.supervision.v1 import events_pb2 as said
from sqlmodel import select

from kit.contracts import ids, standards, wire
from kit.contracts.clock import local_day
from kit.contracts.refusals import NotFound
from kit.contracts.standards import Standards
from kit.db.store import Session
from kit.messaging.outbox import emit
from kit.security.access import Caller, check
from supervision.errors import AlreadyClosed, AlreadyRefused, AlreadyVerified, NobodyCame, NotHeld
from supervision.rules import verdict
from supervision.rules.verdict import Doubt, State
from supervision.rules.visit import Limits, Visit
from supervision.tables import Complaint, Order, Settlement


async def replicate_order(session: Session, event: OrderPlaced | OrderAssigned) -> None:
    """An order exists, or was offered to somebody (else)."""
    organisation_id = UUID(event.organisation_id) if isinstance(event, OrderAssigned) else None
    row = await session.get(Order, UUID(event.order_id))
    if row is None:
        session.add(
            wire.row(
                Order,
                event,
                order_id=UUID(event.order_id),
                elder_id=UUID(event.elder_id),
                organisation_id=organisation_id,
            )
        )
    elif organisation_id is not None:
        row.organisation_id = organisation_id


async def judge(session: Session, event: OrderFinished) -> None:
    """Approves a finished visit that nothing speaks against, and holds any other. The worker's row
    must be locked.

    An earlier verdict stays, also where this visit shows that the worker was in two at once: the
    later one is held.
    """
    worker_id = UUID(event.worker_id)
    told: dict[str, Any] = dict.fromkeys(Visit.__dataclass_fields__) | wire.fields(event)
    visit = Visit(**{name: told[name] for name in Visit.__dataclass_fields__})
    others = (
        await session.exec(
            select(Settlement.checked_in_at, Settlement.checked_out_at).where(
                Settlement.worker_id == worker_id,
                Settlement.checked_in_at < visit.checked_out_at,
                Settlement.checked_out_at > visit.checked_in_at,
            )
        )
    ).all()
    doubts = verdict.doubts(visit, others, _limits(local_day(session.now)))
    row = wire.row(
        Settlement,
        event,
        settlement_id=ids.new(),
        order_id=UUID(event.order_id),
        elder_id=UUID(event.elder_id),
        worker_id=worker_id,
        organisation_id=UUID(event.organisation_id),
        state=State.HELD if doubts else State.APPROVED,
        doubts=[int(doubt) for doubt in doubts],
        judged_at=session.now,
    )
    session.add(row)
    if doubts:
        emit(session, wire.message(said.SettlementHeld, row, held_at=session.now), row)
    else:
        emit(session, _approved(row, session.now, automatic=True), row)


async def decide(session: Session, request: pb.DecideAudit, caller: Caller) -> pb.Settlement:
    """An inspector pays a held visit, or does not. Raises: NotFound, NotHeld."""
    row = await _settlement(session, request.settlement_id, caller)
    if row.state != State.HELD:
        raise NotHeld(settlement_id=row.settlement_id)
    row.judged_at = session.now
    if request.approve:
        row.state = State.APPROVED
        emit(session, _approved(row, session.now, automatic=False), row)
    else:
        row.state = State.REFUSED
        row.doubts = sorted({*row.doubts, int(Doubt.INSPECTOR)})
        emit(session, wire.message(said.SettlementRefused, row, refused_at=session.now), row)
    return wire.message(pb.Settlement, row)


async def verify(
    session: Session, request: pb.VerifySettlement, caller: Caller
) -> said.SettlementVerified:
    """An inspector asked the elder; once per settlement. What follows for a held one is decided by
    Decide. Raises: NotFound, Conflict.
    """
    row = await _settlement(session, request.settlement_id, caller)
    if row.state == State.REFUSED:
        raise AlreadyRefused(settlement_id=row.settlement_id)
    if row.verified:
        raise AlreadyVerified(settlement_id=row.settlement_id)
    row.verified = True
    return emit(
        session,
        wire.message(
            said.SettlementVerified, row, genuine=request.genuine, verified_at=session.now
        ),
        row,
    )


async def file(session: Session, request: pb.FileComplaint, caller: Caller) -> said.ComplaintFiled:
    """Somebody complains about an order; several complaints about one order are several. Raises:
    NotFound, NobodyCame.
    """
    order = await session.get(Order, UUID(request.order_id))
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
        due_at=session.now + _time_to_close(local_day(session.now)),
    )
    session.add(row)
    return emit(session, wire.message(said.ComplaintFiled, row), row)


async def close(
    session: Session, request: pb.CloseComplaint, caller: Caller
) -> said.ComplaintClosed:
    """A complaint is answered. Raises: NotFound, AlreadyClosed."""
    row = await session.get_locked(Complaint, UUID(request.complaint_id))
    check(caller, area=row.area_code, kind="complaint", key=request.complaint_id)
    if row.closed:
        raise AlreadyClosed(complaint_id=row.complaint_id)
    row.closed = True
    in_time = session.now <= row.due_at
    return emit(
        session,
        wire.message(
            said.ComplaintClosed, row, upheld=request.upheld, in_time=in_time, closed_at=session.now
        ),
        row,
    )


def _approved(row: Settlement, now: datetime, *, automatic: bool) -> said.SettlementApproved:
    return wire.message(
        said.SettlementApproved,
        row,
        automatic=automatic,
        approved_at=now,
        visited_on=local_day(row.checked_in_at),
    )


async def _settlement(session: Session, settlement_id: str, caller: Caller) -> Settlement:
    row = await session.get_locked(Settlement, UUID(settlement_id))
    check(caller, area=row.area_code, kind="settlement", key=settlement_id)
    return row


@cache
def _limits(on: date) -> Limits:
    return Limits(
        **{name: _standards().value(f"audit.{name}", on) for name in Limits.__dataclass_fields__}
    )


def _time_to_close(on: date) -> timedelta:
    return timedelta(days=_standards().value("audit.complaint_days", on))


@cache
def _standards() -> Standards:
    return standards.load("supervision")
