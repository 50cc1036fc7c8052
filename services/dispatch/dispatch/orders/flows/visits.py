"""A visit begins and ends, at the times of the worker's device. Both are hot, so both are raw
(`kit.rpc.idempotency`).
"""

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
from dispatch.orders.flows import back_entries, offers, proofs
from dispatch.orders.rules import GeoPoint, State
from dispatch.orders.tables import OrderRow
from kit.contracts import positions, wire
from kit.contracts.clock import local_day
from kit.contracts.refusals import NotFound
from kit.db.raw_session import RawSession
from kit.messaging.outbox import emit
from kit.runtime.timers import cancel_timer
from kit.security.access import Caller, check

_BEGIN = """update visit_order
    set state = $1, version = $2, checked_in_at = $3, check_in_m = $4, in_place = $5
    where order_id = $6 and version = $7"""
_END = """update visit_order
    set state = $1, version = $2, checked_out_at = $3, out_place = $4
    where order_id = $5 and version = $6"""


async def check_in(
    session: RawSession, request: pb.CheckInOrder, caller: Caller
) -> events.OrderStarted:
    """The worker arrived, at the device's time. Raises: NotFound, NotAccepted, DeviceTimeWrong,
    TooLateToTell.
    """
    order = await _own(session, request.order_id, caller)
    at = _device_time(session, wire.instant(request.at))
    if order.state == State.CANCELLED and order.cancelled_at:
        return await back_entries.check_in(session, order, at, _position(request))
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
        proofs.sealed(cipher, here),
        order.order_id,
        order.version,
    )
    cancel_timer(session, offers.MISSED, request.order_id)
    late_min = rules.late_min(at, order.wanted_to)
    started = wire.message(
        events.OrderStarted, order, checked_in_at=at, late_min=late_min, back_entry=False
    )
    return emit(session, started, sequence=version)


async def check_out(
    session: RawSession, request: pb.CheckOutOrder, caller: Caller
) -> events.OrderFinished:
    """The worker left, at the device's time. Raises: NotFound, NotBegun, DeviceTimeWrong."""
    order = await _own(session, request.order_id, caller)
    at = _device_time(session, wire.instant(request.at))
    if order.state == State.CANCELLED:
        return await back_entries.check_out(session, order, at, _position(request))
    if order.state != State.IN_SERVICE or order.checked_in_at is None:
        raise NotBegun(order_id=order.order_id)
    if at < order.checked_in_at:
        raise DeviceTimeWrong(rule=BEFORE_THE_CHECK_IN)
    cipher = personal.cipher_of(session.store)
    here = _position(request)
    neighbours = await proofs.neighbours(session, order, order.checked_in_at, at)
    version = order.version + 1
    session.write(
        _END,
        int(State.DONE),
        version,
        at,
        proofs.sealed(cipher, here),
        order.order_id,
        order.version,
    )
    finished = proofs.finished(
        cipher, order, neighbours, order.checked_in_at, at, here, session.now
    )
    return emit(session, finished, sequence=version)


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
