"""Offers an order to somebody, and to somebody else when the first does not take it."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from eldercare.dispatch.v1 import events_pb2 as said
from sqlalchemy import ColumnElement
from sqlmodel import col, select

from dispatch.flows import county_day
from dispatch.limits import limits
from dispatch.rules import orders
from dispatch.rules.orders import Cause, State
from dispatch.rules.scan import plan_by_scan
from dispatch.tables import Declined, Order
from kit.contracts import wire
from kit.contracts.clock import local_day
from kit.db.store import Session
from kit.messaging.outbox import emit
from kit.runtime.timers import cancel_timer, set_timer

TIMERS = ("offer", "answer", "missed")


async def lock_county(session: Session, county: str) -> None:
    """Lets one transaction at a time promise this county's workers to somebody."""
    await (await session.driver()).execute(
        "select pg_advisory_xact_lock(hashtextextended($1, 0))", f"dispatch/{county}"
    )


async def offer(session: Session, order_id: UUID) -> None:
    """Looks for a gap now; without one the order is tried again until its window has passed. Does
    nothing for an order that needs none.
    """
    known = await session.get(Order, order_id)
    if known is None or known.state != State.PLACED:
        return
    county = county_day.county_of(known.area_code)
    await lock_county(session, county)
    order = await session.get_locked(Order, order_id)
    if order.state != State.PLACED:
        return
    if order.wanted_to <= session.now:
        await cancel(session, order, Cause.UNSERVED)
        return
    day = local_day(order.wanted_from)
    problem = await county_day.problem(session, county, day, [order])
    found = [stop for stop in plan_by_scan(problem).stops if stop.visit_id == str(order_id)]
    if found:
        worker = await county_day.worker_of(session, UUID(found[0].worker_id))
        assign(
            session,
            order,
            worker.organisation_id,
            worker.worker_id,
            county_day.instant_of(day, found[0].begin_s),
        )
    else:
        set_timer(
            session,
            min(session.now + limits(local_day(session.now)).retry, order.wanted_to),
            "offer",
            str(order_id),
        )


def assign(
    session: Session, order: Order, organisation_id: UUID, worker_id: UUID, planned_at: datetime
) -> None:
    """Promises the order to a worker and asks for an answer. The order must be locked and placed."""
    order.state, order.organisation_id, order.worker_id, order.planned_at = (
        State.ASSIGNED,
        organisation_id,
        worker_id,
        planned_at,
    )
    order.attempt += 1
    emit(session, wire.message(said.OrderAssigned, order, assigned_at=session.now), order)
    cancel_timer(session, "offer", str(order.order_id))
    patience = limits(local_day(session.now)).patience
    set_timer(
        session,
        orders.answer_by(session.now, order.wanted_to, patience),
        "answer",
        str(order.order_id),
    )


def take_back(session: Session, order: Order) -> said.OrderDeclined:
    """The worker does not take it, was silent too long, or left: never asked again, and somebody
    else is looked for at once.
    """
    told = emit(session, wire.message(said.OrderDeclined, order, declined_at=session.now), order)
    if order.worker_id is not None:
        session.add(
            Declined(order_id=order.order_id, worker_id=order.worker_id, declined_at=session.now)
        )
    order.state, order.organisation_id, order.worker_id, order.planned_at = (
        State.PLACED,
        None,
        None,
        None,
    )
    _clear_timers(session, order)
    set_timer(session, session.now, "offer", str(order.order_id))
    return told


async def cancel(session: Session, order: Order, cause: Cause) -> said.OrderCancelled:
    """Ends an order without a visit. The order must be locked and open."""
    order.state = State.CANCELLED
    _clear_timers(session, order)
    return emit(
        session,
        wire.message(
            said.OrderCancelled,
            order,
            organisation_id=order.organisation_id,
            worker_id=order.worker_id,
            cause=int(cause),
            cancelled_at=session.now,
        ),
        order,
    )


async def expire(session: Session, order_id: UUID) -> None:
    """Nobody answered the offer: silence is a no."""
    order = await session.get_locked(Order, order_id)
    if order.state == State.ASSIGNED:
        take_back(session, order)


async def miss(session: Session, order_id: UUID) -> None:
    """Nobody came."""
    order = await session.get_locked(Order, order_id)
    if order.state == State.ACCEPTED:
        await cancel(session, order, Cause.MISSED)


async def reoffer_orders_of_leaver(session: Session, worker_id: UUID) -> None:
    """A worker left: what was promised in the worker's name is offered to others."""
    for order in await locked(session, col(Order.worker_id) == worker_id, orders.OFFERED):
        take_back(session, order)


async def cancel_open_orders(session: Session, elder_id: UUID, cause: Cause) -> None:
    """An elder died or moved out: nobody comes any more. A begun visit is ended by who is there."""
    for order in await locked(session, col(Order.elder_id) == elder_id, orders.EXPECTED):
        if (
            order.state == State.RESERVING
        ):  # nobody has heard of it; the hold on the voucher expires
            order.state = State.CANCELLED
            cancel_timer(session, "reserve", str(order.order_id))
        else:
            await cancel(session, order, cause)


async def locked(
    session: Session, whose: ColumnElement[bool], states: Sequence[State]
) -> Sequence[Order]:
    """Somebody's orders in these states, in the order of their ids, so that two transactions never
    wait for each other.
    """
    query = select(Order).where(whose, col(Order.state).in_(states)).order_by(col(Order.order_id))
    found = (
        await session.exec(query.with_for_update().execution_options(populate_existing=True))
    ).all()
    session.holds(*found)
    return found


def _clear_timers(session: Session, order: Order) -> None:
    for kind in TIMERS:
        cancel_timer(session, kind, str(order.order_id))
