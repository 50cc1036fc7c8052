"""What happens to an order once somebody was offered it: answered, begun, ended, followed up."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from eldercare.dispatch.v1 import api_pb2 as pb
from eldercare.dispatch.v1 import events_pb2 as said

from dispatch import sealed
from dispatch.errors import (
    AlreadyCancelled,
    DeviceTimeWrong,
    NotAccepted,
    NotBegun,
    NotDone,
    NotOffered,
    NotPlacedYet,
    VisitBegun,
)
from dispatch.flows import offers
from dispatch.limits import limits
from dispatch.rules import orders, travel
from dispatch.rules.orders import Cause, State
from dispatch.tables import Order
from kit.contracts import wire
from kit.contracts.clock import local_day
from kit.contracts.refusals import Malformed, NotFound
from kit.db.raw_session import RawSession
from kit.db.store import Session
from kit.messaging.outbox import emit
from kit.runtime.timers import cancel_timer, set_timer
from kit.security.access import Caller, check


async def cancel(session: Session, request: pb.CancelOrder, caller: Caller) -> said.OrderCancelled:
    """The elder, or somebody for the elder, does not want it any more. Raises: NotFound, Conflict."""
    order = await session.get_locked(Order, UUID(request.order_id))
    check(caller, area=order.area_code, person=order.elder_id, kind="order", key=request.order_id)
    if order.state == State.RESERVING:
        raise NotPlacedYet(order_id=order.order_id)
    if order.state == State.CANCELLED:
        raise AlreadyCancelled(order_id=order.order_id)
    if order.state not in orders.OPEN:
        raise VisitBegun(order_id=order.order_id)
    return await offers.cancel(session, order, Cause.ELDER)


async def accept(session: Session, request: pb.AcceptOrder, caller: Caller) -> said.OrderAccepted:
    """The worker takes it. Raises: NotFound, NotOffered."""
    order = await _offered(session, request.order_id, caller)
    order.state = State.ACCEPTED
    cancel_timer(session, "answer", request.order_id)
    set_timer(
        session,
        order.wanted_to + limits(local_day(session.now)).missed_after,
        "missed",
        request.order_id,
    )
    return emit(session, wire.message(said.OrderAccepted, order, accepted_at=session.now), order)


async def decline(session: Session, request: pb.DeclineOrder, caller: Caller) -> said.OrderDeclined:
    """The worker does not take it. Raises: NotFound, NotOffered."""
    return offers.take_back(session, await _offered(session, request.order_id, caller))


async def follow_up(
    session: Session, request: pb.FollowUpOrder, caller: Caller
) -> said.OrderFollowedUp:
    """Somebody called the elder after the visit; may be done again, until the elder was reached or
    later. Raises: NotFound, NotDone.
    """
    if request.reached != request.HasField("satisfied"):
        raise Malformed("satisfied", "is told exactly where the elder was reached")
    order = await session.get_locked(Order, UUID(request.order_id))
    check(caller, area=order.area_code, kind="order", key=request.order_id)
    if order.state != State.DONE:
        raise NotDone(order_id=order.order_id)
    order.followed_up = True
    told = wire.message(
        said.OrderFollowedUp,
        order,
        reached=request.reached,
        satisfied=request.satisfied if request.reached else None,
        followed_up_at=session.now,
    )
    return emit(session, told, order)


_READ = """select order_id, version, elder_id, area_code, organisation_id, worker_id, item_code, help, state, planned_min, price_fen,
    voucher_fen, wanted_to, home, checked_in_at, check_in_m, in_place, placed_at from visit_order where order_id = $1"""
_BEGIN = """update visit_order set state = $1, version = $2, checked_in_at = $3, check_in_m = $4, in_place = $5
    where order_id = $6 and version = $7"""
_END = (
    "update visit_order set state = $1, version = $2, checked_out_at = $3, out_place = $4 "
    "where order_id = $5 and version = $6"
)
# The worker's visits before the check-in and after the check-out that are finished by now; one that
# is only begun will have this one before it when it ends.
_AROUND = """select before.checked_out_at, before.out_place, following.checked_in_at, following.in_place from (select 1) as one
    left join lateral (select checked_out_at, out_place from visit_order
        where worker_id = $1 and checked_out_at <= $2 and order_id <> $4 order by checked_out_at desc limit 1) as before on true
    left join lateral (select checked_in_at, in_place from visit_order
        where worker_id = $1 and checked_out_at >= $3 and checked_in_at >= $3 and order_id <> $4
        order by checked_out_at limit 1) as following on true"""


async def check_in(
    session: RawSession, request: pb.CheckInOrder, caller: Caller
) -> said.OrderStarted:
    """The worker arrived, at the device's time. Raises: NotFound, NotAccepted, DeviceTimeWrong."""
    order = await _own(session, request.order_id, caller)
    at = _device_time(session, wire.instant(request.at))
    if order["state"] != State.ACCEPTED:
        raise NotAccepted(order_id=order["order_id"])
    if at < order["placed_at"] - limits(local_day(session.now)).device_tolerance:
        raise DeviceTimeWrong(rule="lies before the order was placed")
    vault = sealed.vault_of(session.store)
    here = _position(request)
    metres = travel.distance_m(sealed.open_place(vault, order["home"]), here)
    version = order["version"] + 1
    session.write(
        _BEGIN,
        int(State.IN_SERVICE),
        version,
        at,
        metres,
        sealed.seal_place(vault, *here) if here else None,
        order["order_id"],
        order["version"],
    )
    cancel_timer(session, "missed", request.order_id)
    told = wire.message(
        said.OrderStarted, order, checked_in_at=at, late_min=orders.late_min(at, order["wanted_to"])
    )
    return emit(session, told, sequence=version)


async def check_out(
    session: RawSession, request: pb.CheckOutOrder, caller: Caller
) -> said.OrderFinished:
    """The worker left, at the device's time. Raises: NotFound, NotBegun, DeviceTimeWrong."""
    order = await _own(session, request.order_id, caller)
    at = _device_time(session, wire.instant(request.at))
    if order["state"] != State.IN_SERVICE:
        raise NotBegun(order_id=order["order_id"])
    arrived_at = order["checked_in_at"]
    if at < arrived_at:
        raise DeviceTimeWrong(rule="lies before the check-in")
    vault = sealed.vault_of(session.store)
    here = _position(request)
    around = await session.fetchrow(_AROUND, order["worker_id"], arrived_at, at, order["order_id"])
    before, following = (
        sealed.open_place(vault, around["out_place"]),
        sealed.open_place(vault, around["in_place"]),
    )
    version = order["version"] + 1
    session.write(
        _END,
        int(State.DONE),
        version,
        at,
        sealed.seal_place(vault, *here) if here else None,
        order["order_id"],
        order["version"],
    )
    told = wire.message(
        said.OrderFinished,
        order,
        checked_out_at=at,
        finished_at=session.now,
        served_min=orders.whole_min(arrived_at, at),
        check_out_m=travel.distance_m(sealed.open_place(vault, order["home"]), here),
        previous_m=travel.distance_m(before, sealed.open_place(vault, order["in_place"])),
        previous_min=orders.whole_min(around["checked_out_at"], arrived_at)
        if around["checked_out_at"]
        else None,
        next_m=travel.distance_m(here, following),
        next_min=orders.whole_min(at, around["checked_in_at"]) if around["checked_in_at"] else None,
    )
    return emit(session, told, sequence=version)


async def _offered(session: Session, order_id: str, caller: Caller) -> Order:
    order = await session.get_locked(Order, UUID(order_id))
    check(caller, organisation=order.organisation_id, kind="order", key=order_id)
    _only_own(caller, order.worker_id, order_id)
    if order.state != State.ASSIGNED:
        raise NotOffered(order_id=order.order_id)
    return order


async def _own(session: RawSession, order_id: str, caller: Caller) -> Mapping[str, Any]:
    order = await session.fetchrow(_READ, UUID(order_id))
    if order is None:
        raise NotFound("order", order_id)
    check(caller, organisation=order["organisation_id"], kind="order", key=order_id)
    if str(order["worker_id"]) != caller.worker_id:
        raise NotFound("order", order_id)
    return dict(order)


def _only_own(caller: Caller, worker_id: UUID | None, order_id: str) -> None:
    if (
        "worker" in caller.roles
        and "provider" not in caller.roles
        and str(worker_id) != caller.worker_id
    ):
        raise NotFound("order", order_id)


def _device_time(session: RawSession, at: datetime) -> datetime:
    if at > session.now + limits(local_day(session.now)).device_tolerance:
        raise DeviceTimeWrong(rule="lies in the future")
    return at


def _position(request: pb.CheckInOrder | pb.CheckOutOrder) -> travel.Place | None:
    if not (request.HasField("lon") and request.HasField("lat")):
        return None
    return travel.Place(request.lon, request.lat)
