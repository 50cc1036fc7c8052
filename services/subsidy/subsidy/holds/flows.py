"""Holds a part of a voucher for an order, until the order is cancelled or its visit audited."""

from datetime import date, datetime, timedelta
from uuid import UUID

from eldercare.dispatch.v1.events_pb2 import OrderPlaced
from eldercare.subsidy.v1.api_pb2 import Reservation, ReserveVoucher
from eldercare.supervision.v1.events_pb2 import SettlementApproved
from sqlalchemy import ColumnElement, and_
from sqlmodel import col, select

from kit.contracts import wire
from kit.contracts.clock import local_day
from kit.contracts.money import share_fen
from kit.db.store import Session
from subsidy.entitlements.flows.ahead import voucher_for
from subsidy.holds.errors import VoucherTooShort
from subsidy.holds.rules import KEPT, HoldState, held_fen
from subsidy.holds.tables import Hold
from subsidy.limits import limits
from subsidy.payments.rules import is_after_death
from subsidy.payments.tables import Debt
from subsidy.policies import flows as policies
from subsidy.policies.rules import Cause
from subsidy.replicas.tables import Elder
from subsidy.runs.rules import month_of
from subsidy.vouchers.flows import balance
from subsidy.vouchers.flows.balance import usable
from subsidy.vouchers.tables import Voucher


def hold_for(now: datetime) -> timedelta:
    """For how long, in real time, a part is held for an order that nobody has confirmed."""
    return limits(local_day(now)).hold


async def reserve(session: Session, command: ReserveVoucher, real: datetime) -> Reservation:
    """Holds a part of the month's voucher for an order until it is confirmed; for the same order
    again, the same answer.

    For an order of the next month that month's voucher is issued ahead.
    real: the wall clock's instant; the hold's end does not depend on the business clock.
    """
    hold = await _latest(session, command)
    if _is_over(hold):
        voucher = await voucher_for(
            session,
            UUID(command.elder_id),
            command.month,
            lambda one: _share_of_price(one, command),
        )
        # while this one waited for the voucher, the same call may have come another way
        hold = await _latest(session, command)
        if voucher and _is_over(hold):
            hold = hold or wire.row(
                Hold, command, held_fen=0, state=HoldState.EXPIRED, expires_at=real
            )
            due = _share_of_price(voucher, command)
            expires_at = real + hold_for(session.now)
            _take(session, hold, voucher, due, HoldState.HELD, expires_at)
    if hold is None or not hold.kept_fen:
        return wire.message(Reservation, command, voucher_id=None, reserved_fen=0, expires_at=real)
    return wire.message(Reservation, hold, reserved_fen=hold.held_fen)


async def _latest(session: Session, command: ReserveVoucher) -> Hold | None:
    hold: Hold | None = await session.get(
        Hold, UUID(command.order_id), with_for_update=True, populate_existing=True
    )
    return hold


def _is_over(hold: Hold | None) -> bool:
    return hold is None or hold.state == HoldState.EXPIRED


def _share_of_price(voucher: Voucher, command: ReserveVoucher) -> int:
    terms = policies.terms(voucher.policy_code, voucher.policy_version)
    share = terms.institution_share if command.institution else terms.home_share
    return share_fen(command.price_fen, share or 0)


async def confirm(session: Session, event: OrderPlaced) -> None:
    """The order stands: its hold no longer expires. One that has expired is taken again, as far as
    the voucher still reaches.
    """
    hold = await session.get(Hold, UUID(event.order_id))
    if hold is None:
        if not event.voucher_fen:
            return
        month = month_of(local_day(wire.instant(event.wanted_from)))
        hold = wire.row(
            Hold, event, month=month, held_fen=0, state=HoldState.EXPIRED, expires_at=session.now
        )
        session.add(hold)
    if hold.state == HoldState.HELD:
        if event.voucher_fen:
            hold.state = HoldState.CONFIRMED
        else:
            # the order was placed without waiting for the answer of the reservation
            await release(session, hold, HoldState.RELEASED)
    elif hold.state == HoldState.EXPIRED and event.voucher_fen:
        await _hold_again(session, hold, event.voucher_fen)


async def release(session: Session, hold: Hold, state: HoldState) -> None:
    """Gives back what is held for an order; where the voucher's time is over it is gone at once.

    state: of the hold from then on.
    """
    if hold.state not in KEPT:
        return
    hold.state = state
    if not hold.held_fen or hold.voucher_id is None:
        return
    voucher = await session.get_locked(Voucher, hold.voucher_id)
    balance.release(session, voucher, hold.order_id, hold.held_fen)


async def capture(session: Session, event: SettlementApproved) -> None:
    """Turns what is held for an audited visit into a debt to its organisation (核销).

    Of a visit that was told after its order had ended, as much is taken as the voucher still has.
    What is not held, because the order came too late or the audit was refused first, is taken now
    if the voucher still has it. For a visit after the elder's death nothing is owed: what is held
    is given back. Raises: VoucherTooShort.
    """
    hold = await session.get_locked(Hold, UUID(event.order_id))
    if hold.state == HoldState.CAPTURED:
        return
    visited_on = date.fromisoformat(event.visited_on) if event.visited_on else None
    elder = await session.get(Elder, hold.elder_id)
    if elder and is_after_death(visited_on, elder.died_on):
        await release(session, hold, HoldState.RELEASED)
        await _note_after_death(session, hold, event, visited_on)
        return
    if hold.kept_fen < event.voucher_fen:
        await _hold_again(session, hold, event.voucher_fen)
    if event.back_entry and not hold.kept_fen:
        return  # the order had given its part back, and nothing of it is left
    if hold.voucher_id is None or (hold.kept_fen < event.voucher_fen and not event.back_entry):
        raise VoucherTooShort(
            order_id=hold.order_id, promised_fen=event.voucher_fen, held_fen=hold.kept_fen
        )
    voucher = await session.get_locked(Voucher, hold.voucher_id)
    hold.state = HoldState.CAPTURED
    captured = balance.capture(session, voucher, event, hold.held_fen)
    debt = wire.row(
        Debt,
        captured,
        policy_code=voucher.policy_code,
        due_on=_due_on(session, event),
        visited_on=visited_on,
    )
    session.add(debt)


async def _note_after_death(
    session: Session, hold: Hold, event: SettlementApproved, visited_on: date | None
) -> None:
    """Keeps the visit as a debt that a death took back: it is owed if that was wrong."""
    settlement_id = UUID(event.settlement_id)
    known: Debt | None = await session.get(Debt, settlement_id)
    if hold.voucher_id is None or known is not None:
        return
    voucher = await session.get_locked(Voucher, hold.voucher_id)
    debt = Debt(
        settlement_id=settlement_id,
        order_id=hold.order_id,
        voucher_id=voucher.voucher_id,
        organisation_id=UUID(event.organisation_id),
        area_code=voucher.area_code,
        policy_code=voucher.policy_code,
        month=voucher.month,
        captured_fen=event.voucher_fen,
        due_on=_due_on(session, event),
        visited_on=visited_on,
        reversed_at=session.now,
        reversed_for=Cause.DEATH,
    )
    session.add(debt)


def _due_on(session: Session, event: SettlementApproved) -> date:
    approved_on = local_day(wire.instant(event.approved_at))
    return approved_on + limits(local_day(session.now)).settlement_due


async def may_expire(session: Session, real: datetime) -> bool:
    """Whether there are holds that nobody confirmed in time."""
    wanted = select(Hold.order_id).where(_overdue(real)).limit(1)
    return (await session.exec(wanted)).first() is not None


async def expire(session: Session, real: datetime, most: int) -> int:
    """Releases holds that nobody confirmed in time; returns how many. Several processes may do this
    at once.
    """
    wanted = (
        select(Hold)
        .where(_overdue(real))
        .order_by(col(Hold.expires_at))
        .limit(most)
        .with_for_update(skip_locked=True)
    )
    expired = (await session.exec(wanted)).all()
    for hold in sorted(expired, key=lambda one: (str(one.voucher_id), one.order_id)):
        await release(session, hold, HoldState.EXPIRED)
    return len(expired)


def _overdue(real: datetime) -> ColumnElement[bool]:
    return and_(col(Hold.state) == HoldState.HELD, col(Hold.expires_at) <= real)


async def _hold_again(session: Session, hold: Hold, due: int) -> None:
    """Holds what is missing of what was promised, as far as the voucher still reaches."""
    if hold.kept_fen and hold.voucher_id:
        voucher: Voucher | None = await session.get_locked(Voucher, hold.voucher_id)
    else:
        voucher = await usable(session, hold.elder_id, hold.month, lambda _: due)
    if voucher is not None and voucher.lapsed_at is None:
        _take(session, hold, voucher, due, HoldState.CONFIRMED, hold.expires_at)


def _take(
    session: Session, hold: Hold, voucher: Voucher, due: int, state: HoldState, expires_at: datetime
) -> None:
    kept_fen = hold.kept_fen
    added_fen = held_fen(voucher.free_fen, due - kept_fen)
    if not added_fen:
        return
    hold.voucher_id = voucher.voucher_id
    hold.held_fen = kept_fen + added_fen
    hold.state = state
    hold.expires_at = expires_at
    session.add(hold)
    balance.reserve(session, voucher, hold.order_id, added_fen)
