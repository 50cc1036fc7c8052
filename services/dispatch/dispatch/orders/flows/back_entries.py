"""Visits that a device told after their order had ended (补录): kept as they were told, at the
device's times, until an official or the worker's firm approves.
"""

from datetime import datetime, timedelta
from uuid import UUID

from eldercare.dispatch.v1 import api_pb2 as pb
from eldercare.dispatch.v1 import events_pb2 as events

from dispatch.limits import limits
from dispatch.orders import personal, queries, rules
from dispatch.orders.errors import (
    BEFORE_THE_CHECK_IN,
    BackEntryDecided,
    BackEntryUnfinished,
    DeviceTimeWrong,
    NotAccepted,
    NotBegun,
    TooLateToTell,
)
from dispatch.orders.flows import proofs
from dispatch.orders.rules import BackEntryState, GeoPoint, State
from dispatch.orders.tables import BackEntry, Order, OrderRow
from kit.contracts import wire
from kit.contracts.clock import local_day
from kit.db.raw_session import RawSession
from kit.db.store import Session
from kit.messaging.outbox import emit
from kit.security.access import Caller, check

_FILE = """insert into back_entry (order_id, elder_id, area_code, organisation_id, worker_id, state,
        checked_in_at, check_in_m, in_place, filed_at)
    values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)"""
_RAISE = "update visit_order set version = $1 where order_id = $2 and version = $3"
_FILED = "select checked_in_at, state, checked_out_at from back_entry where order_id = $1"
_LEAVE = """update back_entry set checked_out_at = $1, out_place = $2
    where order_id = $3 and checked_out_at is null"""


async def check_in(
    session: RawSession, order: OrderRow, at: datetime, here: GeoPoint | None
) -> events.OrderStarted:
    """The worker arrived before the order ended. Raises: NotAccepted, TooLateToTell."""
    if await session.fetchrow(_FILED, order.order_id) or order.accepted_at is None:
        raise NotAccepted(order_id=order.order_id)
    numbers = limits(local_day(session.now))
    within, begins_at = numbers.back_entry, order.placed_at - numbers.device_tolerance
    ended_at = order.cancelled_at
    if ended_at is None or not begins_at <= at < ended_at or session.now - at > within:
        raise TooLateToTell(order_id=order.order_id, most_h=within // timedelta(hours=1))
    cipher = personal.cipher_of(session.store)
    version = order.version + 1
    session.write(_RAISE, version, order.order_id, order.version)
    session.write(
        _FILE,
        order.order_id,
        order.elder_id,
        order.area_code,
        order.organisation_id,
        order.worker_id,
        int(BackEntryState.PENDING),
        at,
        rules.distance_m(personal.open_position(cipher, order.home), here),
        proofs.sealed(cipher, here),
        session.now,
    )
    filed = wire.message(events.BackEntryFiled, order, checked_in_at=at, filed_at=session.now)
    emit(session, filed, sequence=version)
    late_min = rules.late_min(at, order.wanted_to)
    return wire.message(
        events.OrderStarted, order, checked_in_at=at, late_min=late_min, back_entry=True
    )


async def check_out(
    session: RawSession, order: OrderRow, at: datetime, here: GeoPoint | None
) -> events.OrderFinished:
    """The worker left. Raises: NotBegun, DeviceTimeWrong."""
    record = await session.fetchrow(_FILED, order.order_id)
    if record is None or record["checked_out_at"] or record["state"] != BackEntryState.PENDING:
        raise NotBegun(order_id=order.order_id)
    arrived_at = record["checked_in_at"]
    if at < arrived_at:
        raise DeviceTimeWrong(rule=BEFORE_THE_CHECK_IN)
    cipher = personal.cipher_of(session.store)
    session.write(_LEAVE, at, proofs.sealed(cipher, here), order.order_id)
    # what the visit is worth is judged when somebody approves it
    return wire.message(
        events.OrderFinished,
        order,
        checked_in_at=arrived_at,
        checked_out_at=at,
        served_min=rules.whole_min(arrived_at, at),
        outside_min=rules.outside_min(arrived_at, order.wanted_from, order.wanted_to),
        check_in_m=None,
        check_out_m=None,
        previous_m=None,
        previous_min=None,
        next_m=None,
        next_min=None,
        finished_at=session.now,
        back_entry=True,
    )


async def decide(session: Session, request: pb.DecideOnBackEntry, caller: Caller) -> pb.BackEntry:
    """The visit counts as told, or the order stays ended.

    Raises: NotFound, BackEntryDecided, BackEntryUnfinished.
    """
    order = await session.get_locked(Order, UUID(request.order_id))
    entry = await session.get_locked(BackEntry, order.order_id)
    check(
        caller,
        area=entry.area_code,
        organisation=entry.organisation_id,
        kind="back_entry",
        key=request.order_id,
    )
    if entry.state != BackEntryState.PENDING:
        raise BackEntryDecided(order_id=entry.order_id)
    if request.approve and entry.checked_out_at is None:
        raise BackEntryUnfinished(order_id=entry.order_id)
    entry.state = BackEntryState.APPROVED if request.approve else BackEntryState.REJECTED
    entry.decided_at = session.now
    entry.decided_by = caller.subject
    decided = wire.message(events.BackEntryDecided, entry, approved=request.approve)
    emit(session, decided, order)
    if request.approve and entry.checked_out_at is not None:
        await _finish(session, order, entry, entry.checked_out_at)
    return queries.back_entry(entry, order)


async def _finish(session: Session, order: Order, entry: BackEntry, left_at: datetime) -> None:
    cipher = personal.cipher_of(session.store)
    driver = await session.driver()
    order.state = State.DONE
    order.checked_in_at = entry.checked_in_at
    order.checked_out_at = left_at
    order.check_in_m = entry.check_in_m
    order.in_place = entry.in_place
    order.out_place = entry.out_place
    late_min = rules.late_min(entry.checked_in_at, order.wanted_to)
    started = wire.message(events.OrderStarted, order, late_min=late_min, back_entry=True)
    emit(session, started, order)
    neighbours = await proofs.neighbours(driver, order, entry.checked_in_at, left_at)
    finished = proofs.finished(
        cipher,
        order,
        neighbours,
        entry.checked_in_at,
        left_at,
        personal.open_position(cipher, entry.out_place),
        session.now,
        back_entry=True,
    )
    emit(session, finished, order)
