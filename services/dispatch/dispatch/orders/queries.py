"""Reads orders."""

from collections.abc import Collection, Mapping
from dataclasses import fields
from uuid import UUID

from eldercare.dispatch.v1 import api_pb2 as pb
from sqlalchemy import case, func
from sqlmodel import col, select
from sqlmodel.sql.expression import SelectOfScalar

from dispatch.orders import personal, rules
from dispatch.orders.errors import NotAccepted
from dispatch.orders.rules import BackEntryState, State
from dispatch.orders.tables import BackEntry, Order, OrderRow, Receipt
from kit.contracts import wire
from kit.contracts.refusals import NotFound
from kit.db.paging import page
from kit.db.raw_session import RawSession
from kit.db.store import Session
from kit.rpc.methods import Call
from kit.security import audit
from kit.security.access import Caller, area_range, scoped

DEFAULT_PAGE = 50  # rows of a page where none is asked for

COLUMNS = ", ".join(f"visit_order.{field.name}" for field in fields(OrderRow))
_BY_ID = " ".join(["select", COLUMNS, "from visit_order where order_id = $1"])


async def row_of(session: RawSession, order_id: UUID) -> OrderRow | None:
    """An order as a raw flow reads it: unlocked."""
    record = await session.fetchrow(_BY_ID, order_id)
    return OrderRow(*record) if record else None


async def order(session: Session, request: pb.GetOrder, caller: Caller) -> pb.Order:
    """One order. Raises: NotFound."""
    row = await _order(session, request.order_id, caller)
    known = await received_fen(session, [row.order_id])
    return wire.message(pb.Order, row, received_fen=known.get(row.order_id, 0))


async def orders(session: Session, request: pb.ListOrders, caller: Caller) -> pb.OrderPage:
    """Orders in the order of their ids."""
    query = _visible(caller)
    if request.HasField("area_code"):
        query = query.where(col(Order.area_code).between(*area_range(request.area_code)))
    if request.HasField("elder_id"):
        query = query.where(Order.elder_id == UUID(request.elder_id))
    if request.HasField("worker_id"):
        query = query.where(Order.worker_id == UUID(request.worker_id))
    if request.HasField("state"):
        query = query.where(Order.state == State(request.state))
    rows, after = await page(session, query, Order.order_id, request, DEFAULT_PAGE)
    known = await received_fen(session, [row.order_id for row in rows])
    answer = [wire.message(pb.Order, row, received_fen=known.get(row.order_id, 0)) for row in rows]
    return pb.OrderPage(rows=answer, next=after)


async def received_fen(session: Session, order_ids: Collection[UUID]) -> Mapping[UUID, int]:
    """What was received of own shares and not given back, by order; without those of none."""
    signed = case(
        (col(Receipt.refund), -col(Receipt.received_fen)), else_=col(Receipt.received_fen)
    )
    wanted = (
        select(Receipt.order_id, func.sum(signed))
        .where(col(Receipt.order_id).in_(order_ids))
        .group_by(col(Receipt.order_id))
    )
    return {order_id: int(fen) for order_id, fen in (await session.exec(wanted)).all()}


async def back_entries(
    session: Session, request: pb.AskForBackEntries, caller: Caller
) -> pb.BackEntryPage:
    """Visits that were told after their order had ended."""
    query = scoped(
        select(BackEntry),
        caller,
        area=BackEntry.area_code,
        organisation=BackEntry.organisation_id,
        worker=BackEntry.worker_id,
    )
    if request.HasField("area_code"):
        query = query.where(col(BackEntry.area_code).between(*area_range(request.area_code)))
    if request.HasField("state"):
        query = query.where(BackEntry.state == BackEntryState(request.state))
    rows, after = await page(session, query, BackEntry.order_id, request, DEFAULT_PAGE)
    ids = [row.order_id for row in rows]
    wanted = await session.exec(_visible(caller).where(col(Order.order_id).in_(ids)))
    of_id = {order.order_id: order for order in wanted}
    answer = [back_entry(row, of_id[row.order_id]) for row in rows]
    return pb.BackEntryPage(rows=answer, next=after)


def back_entry(row: BackEntry, order: Order) -> pb.BackEntry:
    """A visit that was told late, beside the hours in which it was wanted."""
    outside_min = rules.outside_min(row.checked_in_at, order.wanted_from, order.wanted_to)
    return wire.message(
        pb.BackEntry,
        row,
        wanted_from=order.wanted_from,
        wanted_to=order.wanted_to,
        outside_min=outside_min,
    )


async def receipts(session: Session, request: pb.AskForReceipts, caller: Caller) -> pb.ReceiptPage:
    """What elders paid themselves, in the order in which it was recorded."""
    query = scoped(
        select(Receipt),
        caller,
        area=Receipt.area_code,
        organisation=Receipt.organisation_id,
        person=Receipt.elder_id,
        worker=Receipt.worker_id,
    )
    if request.HasField("area_code"):
        query = query.where(col(Receipt.area_code).between(*area_range(request.area_code)))
    if request.HasField("order_id"):
        query = query.where(Receipt.order_id == UUID(request.order_id))
    if request.HasField("elder_id"):
        query = query.where(Receipt.elder_id == UUID(request.elder_id))
    rows, after = await page(session, query, Receipt.receipt_id, request, DEFAULT_PAGE)
    return pb.ReceiptPage(rows=[wire.message(pb.Receipt, row) for row in rows], next=after)


async def whereabouts(session: Session, request: pb.GetOrder, call: Call) -> pb.HomeAddress:
    """Whom the worker is to visit, and where; leaves a record. Raises: NotFound, NotAccepted."""
    found = await _order(session, request.order_id, call.caller)
    if str(found.worker_id) != call.caller.worker_id:
        raise NotFound("order", request.order_id)
    if found.state not in (State.ACCEPTED, State.IN_SERVICE):
        raise NotAccepted(order_id=found.order_id)
    await audit.record(session, call, [found.elder_id], f"visit of order {found.order_id}")
    cipher = personal.cipher_of(session.store)
    name, phone, address = personal.open_contact(cipher, found.contact)
    home = personal.open_position(cipher, found.home)
    return wire.message(
        pb.HomeAddress,
        found,
        name=name,
        phone=phone,
        address=address,
        lon=home.lon if home else None,
        lat=home.lat if home else None,
    )


async def _order(session: Session, order_id: str, caller: Caller) -> Order:
    query = _visible(caller).where(Order.order_id == UUID(order_id))
    found = (await session.exec(query)).first()
    if found is None:
        raise NotFound("order", order_id)
    return found


def _visible(caller: Caller) -> SelectOfScalar[Order]:
    return scoped(
        select(Order),
        caller,
        area=Order.area_code,
        organisation=Order.organisation_id,
        person=Order.elder_id,
        worker=Order.worker_id,
    )
