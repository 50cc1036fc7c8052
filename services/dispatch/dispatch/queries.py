"""What dispatch tells."""

from uuid import UUID

from eldercare.dispatch.v1 import api_pb2 as pb
from sqlalchemy import false
from sqlmodel import col, select
from sqlmodel.sql.expression import SelectOfScalar

from dispatch import sealed
from dispatch.errors import NotAccepted
from dispatch.limits import catalogue
from dispatch.rules.orders import State
from dispatch.tables import Order
from kit.contracts import wire
from kit.contracts.clock import local_day
from kit.contracts.refusals import NotFound
from kit.db.paging import page
from kit.db.store import Session
from kit.rpc.methods import Call
from kit.security import audit
from kit.security.access import Caller, area_range, scoped

USUAL = 50  # rows of a page where none is asked for


async def items(session: Session) -> pb.ItemPage:
    """The catalogue of today."""
    return pb.ItemPage(
        rows=[wire.message(pb.Item, item) for item in catalogue(local_day(session.now)).values()]
    )


async def order(session: Session, request: pb.GetOrder, caller: Caller) -> pb.Order:
    """One order. Raises: NotFound."""
    found = (
        await session.exec(_visible(caller).where(Order.order_id == UUID(request.order_id)))
    ).first()
    if found is None:
        raise NotFound("order", request.order_id)
    return wire.message(pb.Order, found)


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
    rows, then = await page(session, query, Order.order_id, request, USUAL)
    return pb.OrderPage(rows=[wire.message(pb.Order, row) for row in rows], next=then)


async def whereabouts(session: Session, request: pb.GetOrder, call: Call) -> pb.HomeAddress:
    """Whom the worker is to visit, and where; leaves a record. Raises: NotFound, NotAccepted."""
    found = (
        await session.exec(_visible(call.caller).where(Order.order_id == UUID(request.order_id)))
    ).first()
    if found is None or str(found.worker_id) != call.caller.worker_id:
        raise NotFound("order", request.order_id)
    if found.state not in (State.ACCEPTED, State.IN_SERVICE):
        raise NotAccepted(order_id=found.order_id)
    await audit.record(session, call, [found.elder_id], f"visit of order {found.order_id}")
    vault = sealed.vault_of(session.store)
    name, phone, address = sealed.open_contact(vault, found.contact)
    home = sealed.open_place(vault, found.home)
    return wire.message(
        pb.HomeAddress,
        found,
        name=name,
        phone=phone,
        address=address,
        lon=home.lon if home else None,
        lat=home.lat if home else None,
    )


def _visible(caller: Caller) -> SelectOfScalar[Order]:
    query = scoped(
        select(Order),
        caller,
        area=Order.area_code,
        organisation=Order.organisation_id,
        person=Order.elder_id,
    )
    if caller.roles == {"worker"}:  # of the organisation's orders the own ones
        query = query.where(
            col(Order.worker_id) == UUID(caller.worker_id) if caller.worker_id else false()
        )
    return query
