"""What elders pay themselves of a visit's price (自付金额): the price less the voucher's part."""

from datetime import date
from uuid import UUID

from eldercare.dispatch.v1 import api_pb2 as pb
from eldercare.dispatch.v1 import events_pb2 as events
from sqlalchemy import func
from sqlmodel import col, select

from dispatch.orders.errors import NotDone, NotYetReceived, ShareTooMuch
from dispatch.orders.rules import State
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
    rest_fen = order.own_fen - await _received_fen(session, order.order_id)
    if request.received_fen > rest_fen:
        raise ShareTooMuch(order_id=order.order_id, outstanding_fen=rest_fen)
    row = wire.row(
        Receipt,
        request,
        receipt_id=ids.new(),
        elder_id=order.elder_id,
        area_code=order.area_code,
        organisation_id=order.organisation_id,
        worker_id=order.worker_id,
        item_code=order.item_code,
        price_fen=order.price_fen,
        voucher_fen=order.voucher_fen,
        own_fen=order.own_fen,
        outstanding_fen=rest_fen - request.received_fen,
        recorded_by=caller.subject,
        receipted_at=session.now,
    )
    session.add(row)
    emit(session, wire.message(events.ShareReceipted, row), order)
    return wire.message(pb.Receipt, row)


async def _received_fen(session: Session, order_id: UUID) -> int:
    wanted = select(func.coalesce(func.sum(col(Receipt.received_fen)), 0)).where(
        col(Receipt.order_id) == order_id
    )
    return int((await session.exec(wanted)).one())
