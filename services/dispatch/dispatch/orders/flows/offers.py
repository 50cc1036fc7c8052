"""Who is promised an order, and how the promise ends without a visit."""

from collections.abc import Sequence
from datetime import date, datetime
from uuid import UUID

from eldercare.dispatch.v1 import events_pb2 as events
from eldercare.facility.v1 import events_pb2 as facility
from sqlalchemy import ColumnElement
from sqlmodel import col, select

from dispatch.limits import limits
from dispatch.orders import rules
from dispatch.orders.rules import Cause, State
from dispatch.orders.tables import Declined, Order
from dispatch.replicas.tables import Organisation
from kit.contracts import wire
from kit.contracts.clock import local_day
from kit.db.store import Session
from kit.messaging.outbox import emit
from kit.runtime.timers import cancel_timer, set_timer

ACTIVE = facility.Organisation.STATUS_ACTIVE
# kinds of timers of an order
OFFER = "offer"  # fired by planning: finds somebody
ANSWER = "answer"
MISSED = "missed"
RESERVE = "reserve"  # a background job: holds the voucher


def assign(
    session: Session, order: Order, organisation_id: UUID, worker_id: UUID, planned_at: datetime
) -> None:
    """Promises the order to a worker and asks for an answer.

    The order must be locked and placed.
    """
    order.state = State.ASSIGNED
    order.organisation_id = organisation_id
    order.worker_id = worker_id
    order.planned_at = planned_at
    order.attempt += 1
    emit(session, wire.message(events.OrderAssigned, order, assigned_at=session.now), order)
    cancel_timer(session, OFFER, str(order.order_id))
    patience = limits(local_day(session.now)).patience
    answer_by = rules.answer_by(session.now, order.wanted_to, patience)
    set_timer(session, answer_by, ANSWER, str(order.order_id))


def take_back(
    session: Session,
    order: Order,
    *,
    reason: int = events.OrderDeclined.REASON_UNSPECIFIED,
    for_good: bool = True,
) -> events.OrderDeclined:
    """The worker does not take it, was silent too long, or may not: somebody else is looked for at
    once.

    reason: of OrderDeclined, as whoever declines names it. for_good: the same worker is never
    asked for it again.
    """
    declined = wire.message(events.OrderDeclined, order, reason=reason, declined_at=session.now)
    emit(session, declined, order)
    if order.worker_id is not None and for_good:
        session.add(
            Declined(order_id=order.order_id, worker_id=order.worker_id, declined_at=session.now)
        )
    order.state = State.PLACED
    order.accepted_at = None
    order.organisation_id = None
    order.worker_id = None
    order.planned_at = None
    _cancel_timers(session, order)
    set_timer(session, session.now, OFFER, str(order.order_id))
    return declined


async def cancel(session: Session, order: Order, cause: Cause) -> events.OrderCancelled:
    """Ends an order without a visit. The order must be locked and open."""
    order.state = State.CANCELLED
    order.cause = cause
    order.cancelled_at = session.now
    _cancel_timers(session, order)
    cancelled = wire.message(
        events.OrderCancelled,
        order,
        organisation_id=order.organisation_id,
        worker_id=order.worker_id,
        cause=int(cause),
        cancelled_at=session.now,
    )
    return emit(session, cancelled, order)


async def expire(session: Session, order_id: UUID) -> None:
    """Nobody answered the offer: silence counts as declined."""
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
    for order in await locked(session, col(Order.worker_id) == worker_id, rules.OFFERED):
        take_back(session, order)


async def reoffer_orders_after(session: Session, worker_id: UUID, last_day: date) -> None:
    """A worker's certificate ends: what was promised for later days is offered to others."""
    # days are compared, since a certificate without end has no day after it
    for order in await locked(session, col(Order.worker_id) == worker_id, rules.OFFERED):
        if order.planned_at and last_day < local_day(order.planned_at):
            take_back(session, order)


async def reoffer_orders_of_organisation(session: Session, organisation: Organisation) -> None:
    """An organisation is suspended or closed: what was promised in its name for these days is
    offered to others. Its workers may be asked again, once it goes on.
    """
    if organisation.status == ACTIVE and organisation.suspended_from is None:
        return
    whose = col(Order.organisation_id) == organisation.organisation_id
    for order in await locked(session, whose, rules.OFFERED):
        if not serves(organisation, local_day(order.planned_at or order.wanted_from)):
            take_back(session, order, for_good=False)


def serves(organisation: Organisation, day: date) -> bool:
    """Whether an organisation may send somebody on a day."""
    is_suspended = rules.is_suspended(organisation.suspended_from, organisation.suspended_to, day)
    return organisation.status == ACTIVE and not is_suspended


async def cancel_open_orders(session: Session, elder_id: UUID, cause: Cause) -> None:
    """An elder died or moved out: nobody comes any more. A begun visit is ended by who is there."""
    for order in await locked(session, col(Order.elder_id) == elder_id, rules.EXPECTED):
        if order.state == State.RESERVING:
            give_up(session, order)
            order.cause = cause
        else:
            await cancel(session, order, cause)


def give_up(session: Session, order: Order) -> None:
    """Ends an order whose voucher is still being held: it was never published, so this is not
    either; the hold expires. The order must be locked.
    """
    order.state = State.CANCELLED
    cancel_timer(session, RESERVE, str(order.order_id))


async def locked(
    session: Session, whose: ColumnElement[bool], states: Sequence[State]
) -> Sequence[Order]:
    """Somebody's orders in these states, in the order of their ids, so that two transactions never
    wait for each other.
    """
    query = (
        select(Order)
        .where(whose, col(Order.state).in_(states))
        .order_by(col(Order.order_id))
        .with_for_update()
        .execution_options(populate_existing=True)
    )
    found = (await session.exec(query)).all()
    session.holds(*found)
    return found


def _cancel_timers(session: Session, order: Order) -> None:
    for kind in (OFFER, ANSWER, MISSED):
        cancel_timer(session, kind, str(order.order_id))
