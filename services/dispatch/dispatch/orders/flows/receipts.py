"""What elders pay themselves of a visit's price (自付金额): the price less the voucher's part."""

from datetime import date
from uuid import UUID

from eldercare.dispatch.v1 import api_pb2 as pb
from eldercare.dispatch.v1 import events_pb2 as events
from eldercare.supervision.v1.events_pb2 import SettlementClosed

from dispatch.orders import queries
from dispatch.orders.errors import NotDone, NothingToRefund, NotYetReceived, ShareTooMuch
from dispatch.orders.rules import ReceiptMethod, State
from dispatch.orders.tables import Order, Receipt
from kit.contracts import ids, wire
from kit.contracts.clock import local_day
from kit.contracts.days import SPAN
from kit.contracts.refusals import Malformed, NotFound
from kit.db.store import Session
from kit.messaging.outbox import emit
from kit.security.access import Caller, check, is_worker_alone


async def receipt(session: Session, request: pb.ReceiptOwnShare, caller: Caller) -> pb.Receipt:
    """The firm, or the worker who was there, was paid by the elder.

    Raises: NotFound, NotDone, ShareTooMuch, NotYetReceived, Malformed for a
    day before the order.
    """
    order = await session.get_locked(Order, UUID(request.order_id))
    check(caller, organisation=order.organisation_id, kind="order", key=request.order_id)
    if is_worker_alone(caller) and str(order.worker_id) != caller.worker_id:
        raise NotFound("order", request.order_id)
    if order.state != State.DONE:
        raise NotDone(order_id=order.order_id)
    received_on, ordered_on = date.fromisoformat(request.received_on), local_day(order.placed_at)
    if received_on > local_day(session.now):
        raise NotYetReceived(received_on=request.received_on)
    if received_on < ordered_on:
        raise Malformed("received_on", SPAN.of(first=ordered_on, last=local_day(session.now)))
    known = await queries.received_fen(session, [order.order_id])
    rest_fen = order.own_fen - known.get(order.order_id, 0)
    if request.received_fen > rest_fen:
        raise ShareTooMuch(order_id=order.order_id, outstanding_fen=max(0, rest_fen))
    row = _row(
        session,
        order,
        caller,
        received_fen=request.received_fen,
        received_on=date.fromisoformat(request.received_on),
        method=ReceiptMethod(request.method),
        outstanding_fen=rest_fen - request.received_fen,
    )
    emit(session, wire.message(events.ShareReceipted, row), order)
    return wire.message(pb.Receipt, row)


async def refund(session: Session, request: pb.RefundOwnShare, caller: Caller) -> pb.Receipt:
    """The firm gave back what is not due, since the visit is refused for good.

    Raises: NotFound, NothingToRefund, NotYetReceived.
    """
    order = await session.get_locked(Order, UUID(request.order_id))
    check(caller, organisation=order.organisation_id, kind="order", key=request.order_id)
    if date.fromisoformat(request.refunded_on) > local_day(session.now):
        raise NotYetReceived(field="refunded_on", received_on=request.refunded_on)
    known = await queries.received_fen(session, [order.order_id])
    rest_fen = known.get(order.order_id, 0) if order.refused_at else 0
    if request.refunded_fen > rest_fen:
        raise NothingToRefund(order_id=order.order_id, refundable_fen=rest_fen)
    row = _row(
        session,
        order,
        caller,
        received_fen=request.refunded_fen,
        received_on=date.fromisoformat(request.refunded_on),
        method=ReceiptMethod(request.method),
        outstanding_fen=rest_fen - request.refunded_fen,
        refund=True,
    )
    event = wire.message(
        events.ShareRefunded,
        row,
        refunded_fen=request.refunded_fen,
        refunded_on=request.refunded_on,
    )
    emit(session, event, order)
    return wire.message(pb.Receipt, row)


async def refuse(session: Session, event: SettlementClosed) -> None:
    """The visit is not paid for good, so the elder owes nothing for it."""
    order = await session.get_locked(Order, UUID(event.order_id))
    order.refused_at = wire.instant(event.closed_at)


def _row(
    session: Session,
    order: Order,
    caller: Caller,
    *,
    received_fen: int,
    received_on: date,
    method: ReceiptMethod,
    outstanding_fen: int,
    refund: bool = False,
) -> Receipt:
    row = Receipt.model_validate(
        {
            "receipt_id": ids.new(),
            "order_id": order.order_id,
            "elder_id": order.elder_id,
            "area_code": order.area_code,
            "organisation_id": order.organisation_id,
            "worker_id": order.worker_id,
            "item_code": order.item_code,
            "price_fen": order.price_fen,
            "voucher_fen": order.voucher_fen,
            "own_fen": order.own_fen,
            "received_fen": received_fen,
            "outstanding_fen": outstanding_fen,
            "refund": refund,
            "method": method,
            "received_on": received_on,
            "recorded_by": caller.subject,
            "receipted_at": session.now,
        }
    )
    session.add(row)
    return row
