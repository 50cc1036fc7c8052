"""A visit begins and ends, at the times of the worker's device. Both are hot, so both are raw
(`kit.rpc.idempotency`).
"""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from eldercare.dispatch.v1 import api_pb2 as pb
from eldercare.dispatch.v1 import events_pb2 as events

from dispatch.limits import limits
from dispatch.orders import personal, queries, rules
from dispatch.orders.errors import (
    BEFORE_THE_CHECK_IN,
    BEFORE_THE_ORDER,
    IN_THE_FUTURE,
    DeviceTimeWrong,
    NotAccepted,
    NotBegun,
)
from dispatch.orders.flows import offers
from dispatch.orders.rules import GeoPoint, State
from dispatch.orders.tables import OrderRow
from kit.contracts import positions, wire
from kit.contracts.clock import local_day
from kit.contracts.refusals import NotFound
from kit.db.raw_session import RawSession
from kit.db.store import Cipher
from kit.messaging.outbox import emit
from kit.runtime.timers import cancel_timer
from kit.security.access import Caller, check

_BEGIN = """update visit_order
    set state = $1, version = $2, checked_in_at = $3, check_in_m = $4, in_place = $5
    where order_id = $6 and version = $7"""
_END = """update visit_order
    set state = $1, version = $2, checked_out_at = $3, out_place = $4
    where order_id = $5 and version = $6"""
# The worker's visits before the check-in and after the check-out that are finished by now; one that
# is only begun will have this one before it when it ends.
_NEIGHBOURS = """select before.checked_out_at, before.out_place,
        following.checked_in_at, following.in_place
    from (select 1) as one
    left join lateral (
        select checked_out_at, out_place from visit_order
        where worker_id = $1 and checked_out_at <= $2 and order_id <> $4
        order by checked_out_at desc limit 1
    ) as before on true
    left join lateral (
        select checked_in_at, in_place from visit_order
        where worker_id = $1 and checked_out_at >= $3 and checked_in_at >= $3 and order_id <> $4
        order by checked_out_at limit 1
    ) as following on true"""


@dataclass(frozen=True, slots=True)
class Neighbours:
    """The worker's check-out before this visit and check-in after it; positions are sealed."""

    left_at: datetime | None
    left_from: bytes | None
    next_at: datetime | None
    next_in: bytes | None


async def check_in(
    session: RawSession, request: pb.CheckInOrder, caller: Caller
) -> events.OrderStarted:
    """The worker arrived, at the device's time. Raises: NotFound, NotAccepted, DeviceTimeWrong."""
    order = await _own(session, request.order_id, caller)
    at = _device_time(session, wire.instant(request.at))
    if order.state != State.ACCEPTED:
        raise NotAccepted(order_id=order.order_id)
    if at < order.placed_at - limits(local_day(session.now)).device_tolerance:
        raise DeviceTimeWrong(rule=BEFORE_THE_ORDER)
    cipher = personal.cipher_of(session.store)
    here = _position(request)
    version = order.version + 1
    session.write(
        _BEGIN,
        int(State.IN_SERVICE),
        version,
        at,
        rules.distance_m(personal.open_position(cipher, order.home), here),
        _sealed(cipher, here),
        order.order_id,
        order.version,
    )
    cancel_timer(session, offers.MISSED, request.order_id)
    late_min = rules.late_min(at, order.wanted_to)
    started = wire.message(events.OrderStarted, order, checked_in_at=at, late_min=late_min)
    return emit(session, started, sequence=version)


async def check_out(
    session: RawSession, request: pb.CheckOutOrder, caller: Caller
) -> events.OrderFinished:
    """The worker left, at the device's time. Raises: NotFound, NotBegun, DeviceTimeWrong."""
    order = await _own(session, request.order_id, caller)
    at = _device_time(session, wire.instant(request.at))
    if order.state != State.IN_SERVICE or order.checked_in_at is None:
        raise NotBegun(order_id=order.order_id)
    if at < order.checked_in_at:
        raise DeviceTimeWrong(rule=BEFORE_THE_CHECK_IN)
    cipher = personal.cipher_of(session.store)
    here = _position(request)
    neighbours = await _neighbours(session, order, order.checked_in_at, at)
    version = order.version + 1
    session.write(
        _END,
        int(State.DONE),
        version,
        at,
        _sealed(cipher, here),
        order.order_id,
        order.version,
    )
    finished = _finished(cipher, order, neighbours, order.checked_in_at, at, here, session.now)
    return emit(session, finished, sequence=version)


def _finished(
    cipher: Cipher,
    order: OrderRow,
    neighbours: Neighbours,
    arrived_at: datetime,
    left_at: datetime,
    here: GeoPoint | None,
    now: datetime,
) -> events.OrderFinished:
    home = personal.open_position(cipher, order.home)
    arrived_in = personal.open_position(cipher, order.in_place)
    before = personal.open_position(cipher, neighbours.left_from)
    after = personal.open_position(cipher, neighbours.next_in)
    return wire.message(
        events.OrderFinished,
        order,
        checked_out_at=left_at,
        finished_at=now,
        served_min=rules.whole_min(arrived_at, left_at),
        check_out_m=rules.distance_m(home, here),
        previous_m=rules.distance_m(before, arrived_in),
        previous_min=_minutes(neighbours.left_at, arrived_at),
        next_m=rules.distance_m(here, after),
        next_min=_minutes(left_at, neighbours.next_at),
        outside_min=rules.outside_min(arrived_at, order.wanted_from, order.wanted_to),
    )


async def _neighbours(
    session: RawSession, order: OrderRow, arrived_at: datetime, left_at: datetime
) -> Neighbours:
    record = await session.fetchrow(
        _NEIGHBOURS, order.worker_id, arrived_at, left_at, order.order_id
    )
    return Neighbours(*record)


async def _own(session: RawSession, order_id: str, caller: Caller) -> OrderRow:
    order = await queries.row_of(session, UUID(order_id))
    if order is None:
        raise NotFound("order", order_id)
    check(caller, organisation=order.organisation_id, kind="order", key=order_id)
    if str(order.worker_id) != caller.worker_id:
        raise NotFound("order", order_id)
    return order


def _device_time(session: RawSession, at: datetime) -> datetime:
    if at > session.now + limits(local_day(session.now)).device_tolerance:
        raise DeviceTimeWrong(rule=IN_THE_FUTURE)
    return at


def _position(request: pb.CheckInOrder | pb.CheckOutOrder) -> GeoPoint | None:
    if not (request.HasField("lon") and request.HasField("lat")):
        return None
    return GeoPoint(*positions.wgs84(request.lon, request.lat, request.datum))


def _sealed(cipher: Cipher, position: GeoPoint | None) -> bytes | None:
    return personal.seal_position(cipher, *position) if position else None


def _minutes(begin: datetime | None, end: datetime | None) -> int | None:
    return rules.whole_min(begin, end) if begin and end else None
