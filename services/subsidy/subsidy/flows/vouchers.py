"""What happens to one voucher once it is issued: held, released, captured, reversed, lapsed."""

from datetime import date, datetime, timedelta
from uuid import UUID

from eldercare.dispatch.v1.events_pb2 import OrderPlaced
from eldercare.subsidy.v1.api_pb2 import Reservation, ReserveVoucher
from eldercare.subsidy.v1.events_pb2 import (
    VoucherCaptured,
    VoucherLapsed,
    VoucherReleased,
    VoucherReserved,
    VoucherReversed,
)
from eldercare.supervision.v1.events_pb2 import SettlementApproved
from sqlmodel import col, select

from kit.contracts import wire
from kit.contracts.clock import local_day
from kit.contracts.money import share_fen
from kit.db.store import Session
from kit.messaging.outbox import emit
from subsidy.errors import VoucherTooShort
from subsidy.flows import issuing, policies
from subsidy.flows.ledger import Move, enter
from subsidy.rules import amounts, calendar
from subsidy.rules.kinds import Account, Cause, HoldState
from subsidy.tables import Debt, Elder, Hold, Voucher

KEPT = (HoldState.HELD, HoldState.CONFIRMED)  # states in which money stands on the account `held`


def hold_for(now: datetime) -> timedelta:
    """For how long, in real time, a part is held for an order that nobody has confirmed."""
    return timedelta(minutes=policies.standards().value("payment.hold_minutes", local_day(now)))


async def reserve(session: Session, command: ReserveVoucher, real: datetime) -> Reservation:
    """Holds a part of the month's voucher for an order until it is confirmed; for the same order
    again, the same answer.

    For an order of the next month that month's voucher is issued ahead.
    real: the wall clock's instant; the hold's end does not depend on the business clock.
    """
    order_id, elder_id = UUID(command.order_id), UUID(command.elder_id)
    hold = await session.get(Hold, order_id, with_for_update=True, populate_existing=True)
    if hold is None or hold.state == HoldState.EXPIRED:
        voucher = await _voucher_of(session, elder_id, command.month)
        if voucher is None:
            await issuing.issue_ahead(session, elder_id, command.month)
            voucher = await _voucher_of(session, elder_id, command.month)
        # while this one waited for the voucher, the same call may have come another way
        hold = await session.get(Hold, order_id, with_for_update=True, populate_existing=True)
        if voucher and (hold is None or hold.state == HoldState.EXPIRED):
            terms = policies.terms(voucher.policy_code, voucher.policy_version)
            share = (terms.institution_share if command.institution else terms.home_share) or 0
            hold = hold or wire.row(
                Hold, command, held_fen=0, state=HoldState.EXPIRED, expires_at=real
            )
            await _take(
                session,
                hold,
                voucher,
                share_fen(command.price_fen, share),
                HoldState.HELD,
                real + hold_for(session.now),
            )
    if hold is None or hold.state not in KEPT or not hold.held_fen:
        return wire.message(Reservation, command, voucher_id=None, reserved_fen=0, expires_at=real)
    return wire.message(Reservation, hold, reserved_fen=hold.held_fen)


async def confirm(session: Session, event: OrderPlaced) -> None:
    """The order stands: its hold no longer expires. One that has expired is taken again, as far as
    the voucher still reaches.
    """
    hold = await session.get(Hold, UUID(event.order_id))
    if hold is None:
        if not event.voucher_fen:
            return
        month = calendar.month_of(local_day(wire.instant(event.wanted_from)))
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
    """Gives back what is held for an order; where the voucher's time is over it is gone at once."""
    if hold.state not in KEPT:
        return
    hold.state = state
    if not hold.held_fen or hold.voucher_id is None:
        return
    voucher = await session.get_locked(Voucher, hold.voucher_id)
    voucher.reserved_fen -= hold.held_fen
    released = wire.message(
        VoucherReleased,
        voucher,
        order_id=hold.order_id,
        released_fen=hold.held_fen,
        released_at=session.now,
    )
    emit(session, released, voucher)
    _free(session, voucher, "VoucherReleased", Account.HELD, hold.held_fen)


async def capture(session: Session, event: SettlementApproved) -> None:
    """Turns what is held for an audited visit into a debt to its organisation (核销).

    What is not held, because the order was heard too late or the audit was refused first, is taken
    now if the voucher still has it. For a visit after the elder's death nothing is owed: what is
    held is given back. Raises: VoucherTooShort.
    """
    hold = await session.get_locked(Hold, UUID(event.order_id))
    if hold.state == HoldState.CAPTURED:
        return
    visited_on = date.fromisoformat(event.visited_on) if event.visited_on else None
    elder = await session.get(Elder, hold.elder_id)
    if elder and amounts.is_after_death(visited_on, elder.died_on):
        await release(session, hold, HoldState.RELEASED)
        return
    if _held(hold) < event.voucher_fen:
        await _hold_again(session, hold, event.voucher_fen)
    if hold.voucher_id is None or _held(hold) < event.voucher_fen:
        raise VoucherTooShort(
            order_id=hold.order_id, promised_fen=event.voucher_fen, held_fen=_held(hold)
        )
    voucher = await session.get_locked(Voucher, hold.voucher_id)
    hold.state = HoldState.CAPTURED
    voucher.reserved_fen -= hold.held_fen
    voucher.captured_fen += hold.held_fen
    captured = wire.message(
        VoucherCaptured,
        voucher,
        order_id=hold.order_id,
        settlement_id=event.settlement_id,
        organisation_id=event.organisation_id,
        captured_fen=hold.held_fen,
        captured_at=session.now,
    )
    emit(session, captured, voucher)
    due_days = policies.standards().value("payment.settlement_due_days", local_day(session.now))
    due_on = local_day(wire.instant(event.approved_at)) + timedelta(days=due_days)
    session.add(
        wire.row(
            Debt, captured, policy_code=voucher.policy_code, due_on=due_on, visited_on=visited_on
        )
    )
    enter(session, _move("VoucherCaptured", voucher, Account.HELD, Account.OWED, hold.held_fen))


async def reverse(session: Session, debt: Debt, cause: Cause) -> None:
    """Takes back a debt that was not paid yet: nothing is owed any more, and the voucher has it
    again while its time is not over.
    """
    voucher = await session.get_locked(Voucher, debt.voucher_id)
    voucher.captured_fen -= debt.captured_fen
    debt.reversed_at = session.now
    emit(
        session,
        wire.message(
            VoucherReversed,
            debt,
            elder_id=voucher.elder_id,
            reversed_fen=debt.captured_fen,
            cause=cause,
        ),
        voucher,
    )
    _free(session, voucher, "VoucherReversed", Account.OWED, debt.captured_fen)


async def end(session: Session, entitlement_id: UUID, *, later_than: str = "") -> None:
    """Ends the vouchers of an entitlement before their month does: what is free is gone, what is
    held or used stays.

    later_than: a month; only vouchers of the ones behind it are ended, which were issued ahead.
    """
    asked = select(Voucher).where(
        col(Voucher.entitlement_id) == entitlement_id,
        col(Voucher.lapsed_at).is_(None),
        col(Voucher.month) > later_than,
    )
    for voucher in (
        await session.exec(asked.order_by(col(Voucher.voucher_id)).with_for_update())
    ).all():
        voucher.lapsed_at = session.now
        if amounts.free_fen(
            voucher.issued_fen, voucher.reserved_fen, voucher.captured_fen, voucher.lapsed_fen
        ):
            enter(session, _lapse(session, voucher))


async def may_expire(session: Session, real: datetime) -> bool:
    """Whether there are holds that nobody confirmed in time."""
    asked = (
        select(Hold.order_id)
        .where(col(Hold.state) == HoldState.HELD, col(Hold.expires_at) <= real)
        .limit(1)
    )
    return (await session.exec(asked)).first() is not None


async def expire(session: Session, real: datetime, most: int) -> int:
    """Releases holds that nobody confirmed in time; returns how many. Several may do this at once."""
    asked = (
        select(Hold)
        .where(col(Hold.state) == HoldState.HELD, col(Hold.expires_at) <= real)
        .order_by(col(Hold.expires_at))
        .limit(most)
        .with_for_update(skip_locked=True)
    )
    expired = (await session.exec(asked)).all()
    for hold in sorted(expired, key=lambda one: (str(one.voucher_id), one.order_id)):
        await release(session, hold, HoldState.EXPIRED)
    return len(expired)


async def _voucher_of(session: Session, elder_id: UUID, month: str) -> Voucher | None:
    asked = select(Voucher).where(
        col(Voucher.elder_id) == elder_id,
        col(Voucher.month) == month,
        col(Voucher.lapsed_at).is_(None),
    )
    return (
        await session.exec(
            asked.order_by(col(Voucher.voucher_id))
            .with_for_update()
            .execution_options(populate_existing=True)
        )
    ).first()


def _held(hold: Hold) -> int:
    return hold.held_fen if hold.state in KEPT else 0


async def _hold_again(session: Session, hold: Hold, due: int) -> None:
    """Holds what is missing of what was promised, as far as the voucher still reaches."""
    voucher = await _voucher_of(session, hold.elder_id, hold.month)
    if voucher is not None and (not _held(hold) or hold.voucher_id == voucher.voucher_id):
        await _take(session, hold, voucher, due, HoldState.CONFIRMED, hold.expires_at)


async def _take(
    session: Session, hold: Hold, voucher: Voucher, due: int, state: HoldState, expires_at: datetime
) -> None:
    free = amounts.free_fen(
        voucher.issued_fen, voucher.reserved_fen, voucher.captured_fen, voucher.lapsed_fen
    )
    kept = _held(hold)
    held = amounts.held_fen(free, due - kept)
    if not held:
        return
    hold.voucher_id, hold.held_fen, hold.state, hold.expires_at = (
        voucher.voucher_id,
        kept + held,
        state,
        expires_at,
    )
    session.add(hold)
    voucher.reserved_fen += held
    emit(
        session,
        wire.message(
            VoucherReserved,
            voucher,
            order_id=hold.order_id,
            reserved_fen=held,
            reserved_at=session.now,
        ),
        voucher,
    )
    enter(session, _move("VoucherReserved", voucher, Account.ISSUED, Account.HELD, held))


def _free(
    session: Session, voucher: Voucher, document: str, source: Account, amount_fen: int
) -> None:
    """Books what comes back to a voucher; where its time is over it is gone at once."""
    moves = [_move(document, voucher, source, Account.ISSUED, amount_fen)]
    if voucher.lapsed_at:
        moves.append(_lapse(session, voucher))
    enter(session, *moves)


def _lapse(session: Session, voucher: Voucher) -> Move:
    free = amounts.free_fen(
        voucher.issued_fen, voucher.reserved_fen, voucher.captured_fen, voucher.lapsed_fen
    )
    voucher.lapsed_fen += free
    emit(
        session,
        wire.message(VoucherLapsed, voucher, lapsed_fen=free, lapsed_at=session.now),
        voucher,
    )
    return _move("VoucherLapsed", voucher, Account.ISSUED, Account.LAPSED, free)


def _move(
    document: str, voucher: Voucher, source: Account, target: Account, amount_fen: int
) -> Move:
    return Move(document, voucher.voucher_id, voucher.area_code, source, target, amount_fen)
