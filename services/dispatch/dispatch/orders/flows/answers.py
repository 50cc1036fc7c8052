"""What people decide about an order: it is cancelled, accepted, declined, followed up."""

from collections.abc import Collection
from uuid import UUID

from eldercare.dispatch.v1 import api_pb2 as pb
from eldercare.dispatch.v1 import events_pb2 as events

from dispatch.limits import limits
from dispatch.orders import rules
from dispatch.orders.errors import (
    ONLY_IF_REACHED,
    AlreadyCancelled,
    CertificateExpired,
    NotDone,
    NotOffered,
    NotPlacedYet,
    OfferReplaced,
    OrganisationNotServing,
    VisitBegun,
)
from dispatch.orders.flows import offers
from dispatch.orders.rules import Cause, State
from dispatch.orders.tables import Order
from dispatch.replicas.tables import Organisation, Worker
from kit.contracts import wire
from kit.contracts.clock import local_day
from kit.contracts.refusals import Malformed, NotFound
from kit.db.store import Session
from kit.messaging.outbox import emit
from kit.runtime.timers import cancel_timer, set_timer
from kit.security.access import Caller, check, is_worker_alone


async def cancel(
    session: Session, request: pb.CancelOrder, caller: Caller
) -> events.OrderCancelled:
    """The elder, or somebody for the elder, does not want it any more.

    Raises: NotFound, Conflict.
    """
    order = await session.get_locked(Order, UUID(request.order_id))
    check(caller, area=order.area_code, person=order.elder_id, kind="order", key=request.order_id)
    if order.state == State.RESERVING:
        raise NotPlacedYet(order_id=order.order_id)
    if order.state == State.CANCELLED:
        raise AlreadyCancelled(order_id=order.order_id)
    if order.state not in rules.OPEN:
        raise VisitBegun(order_id=order.order_id)
    return await offers.cancel(session, order, Cause.ELDER)


async def accept(session: Session, request: pb.AcceptOrder, caller: Caller) -> events.OrderAccepted:
    """The worker takes it.

    Raises: NotFound, NotOffered, OfferReplaced, CertificateExpired, OrganisationNotServing.
    """
    order = await _offered(session, request, caller, (State.ASSIGNED,))
    await _check_certified(session, order)
    await _check_serves(session, order)
    order.state = State.ACCEPTED
    order.accepted_at = session.now
    cancel_timer(session, offers.ANSWER, request.order_id)
    missed_at = order.wanted_to + limits(local_day(session.now)).missed_after
    set_timer(session, missed_at, offers.MISSED, request.order_id)
    accepted = wire.message(events.OrderAccepted, order)
    return emit(session, accepted, order)


async def decline(
    session: Session, request: pb.DeclineOrder, caller: Caller
) -> events.OrderDeclined:
    """The worker does not take it; or the offer was accepted and is given back, which names it.

    Raises: NotFound, NotOffered, OfferReplaced.
    """
    states = rules.OFFERED if request.HasField("attempt") else (State.ASSIGNED,)
    order = await _offered(session, request, caller, states)
    return offers.take_back(session, order, reason=request.reason)


async def follow_up(
    session: Session, request: pb.FollowUpOrder, caller: Caller
) -> events.OrderFollowedUp:
    """Somebody called the elder after the visit; may be done again, until the elder was reached or
    later. Raises: NotFound, NotDone.
    """
    if request.reached != request.HasField("satisfied"):
        raise Malformed("satisfied", ONLY_IF_REACHED)
    order = await session.get_locked(Order, UUID(request.order_id))
    check(caller, area=order.area_code, kind="order", key=request.order_id)
    if order.state != State.DONE:
        raise NotDone(order_id=order.order_id)
    order.followed_up = True
    followed_up = wire.message(
        events.OrderFollowedUp,
        order,
        reached=request.reached,
        satisfied=request.satisfied if request.reached else None,
        followed_up_at=session.now,
    )
    return emit(session, followed_up, order)


async def _check_certified(session: Session, order: Order) -> None:
    """The certificate, where one is known, holds on the day of the visit."""
    worker: Worker | None = await session.get(Worker, order.worker_id)
    last_day = worker.certified_until if worker else None
    if last_day and last_day < local_day(order.planned_at or order.wanted_from):
        raise CertificateExpired(worker_id=order.worker_id, certified_until=last_day.isoformat())


async def _check_serves(session: Session, order: Order) -> None:
    """The organisation, where it is known, is neither suspended nor closed on the day."""
    organisation: Organisation | None = await session.get(Organisation, order.organisation_id)
    day = local_day(order.planned_at or order.wanted_from)
    if organisation is not None and not offers.serves(organisation, day):
        raise OrganisationNotServing(organisation_id=order.organisation_id, day=day)


async def _offered(
    session: Session,
    request: pb.AcceptOrder | pb.DeclineOrder,
    caller: Caller,
    states: Collection[State],
) -> Order:
    """The order whose offer is answered in one of these states, locked."""
    order = await session.get_locked(Order, UUID(request.order_id))
    check(caller, organisation=order.organisation_id, kind="order", key=request.order_id)
    if is_worker_alone(caller) and str(order.worker_id) != caller.worker_id:
        raise NotFound("order", request.order_id)
    if order.state not in states:
        raise NotOffered(order_id=order.order_id)
    if request.HasField("attempt") and request.attempt != order.attempt:
        raise OfferReplaced(
            order_id=order.order_id, answered=request.attempt, attempt=order.attempt
        )
    return order
