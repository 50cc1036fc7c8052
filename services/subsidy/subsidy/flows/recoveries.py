"""Takes back what a fact that arrived late made wrong; what was paid and told stays as it was."""

from datetime import date
from uuid import UUID

from eldercare.subsidy.v1.events_pb2 import RecoveryOpened
from sqlmodel import col, select

from kit.contracts import ids, wire
from kit.db.store import Session
from kit.messaging.outbox import emit
from subsidy.flows import vouchers
from subsidy.flows.ledger import Move, enter
from subsidy.rules import amounts, calendar
from subsidy.rules.kinds import Account, Cause, PaymentKind
from subsidy.tables import Debt, Payment, Recovery, Voucher


async def open_after_death(session: Session, elder_id: UUID, died_on: date) -> None:
    """Takes back cash paid for the months after the month of death, and vouchers used for visits
    after the day of death.

    What was taken back before stays as it is, so that a second report adds only what an earlier day
    of death adds.
    """
    await _claim_cash(session, elder_id, died_on)
    await _take_back_visits(session, elder_id, died_on)


async def _claim_cash(session: Session, elder_id: UUID, died_on: date) -> None:
    asked = (
        select(Payment)
        .where(
            col(Payment.elder_id) == elder_id,
            col(Payment.kind) == PaymentKind.CASH,
            col(Payment.month) > calendar.month_of(died_on),
        )
        .where(
            ~select(Recovery.recovery_id)
            .where(col(Recovery.payment_id) == col(Payment.payment_id))
            .exists()
        )
        .order_by(col(Payment.payment_id))
        .with_for_update(of=Payment)
    )
    for payment in (await session.exec(asked)).all():
        recovery_id = ids.new()
        opened = wire.message(
            RecoveryOpened,
            payment,
            recovery_id=recovery_id,
            claimed_fen=payment.paid_fen,
            cause=Cause.DEATH,
            opened_at=session.now,
            settlement_id=None,
        )
        session.add(wire.row(Recovery, opened))
        emit(session, opened, payment)
        enter(session, _claimed(recovery_id, payment.area_code, payment.paid_fen))


async def _take_back_visits(session: Session, elder_id: UUID, died_on: date) -> None:
    # in the order in which the weekly run locks debts; what it has paid while this waited is seen
    # as paid
    asked = (
        select(Debt)
        .join(Voucher, col(Voucher.voucher_id) == col(Debt.voucher_id))
        .where(
            col(Voucher.elder_id) == elder_id,
            col(Debt.reversed_at).is_(None),
            col(Debt.recovery_id).is_(None),
        )
        .order_by(col(Debt.organisation_id), col(Debt.settlement_id))
        .with_for_update(of=Debt)
        .execution_options(populate_existing=True)
    )
    for debt in (await session.exec(asked)).all():
        if not amounts.is_after_death(debt.visited_on, died_on):
            continue
        if debt.payment_id is None:
            await vouchers.reverse(session, debt, Cause.DEATH)
        else:
            await _claim(session, debt, debt.payment_id)


async def _claim(session: Session, debt: Debt, payment_id: UUID) -> None:
    """Claims one visit's part of a payment from the organisation that got it, in the area where it
    was owed.
    """
    voucher = await session.get_locked(Voucher, debt.voucher_id)
    payment = await session.get_locked(Payment, payment_id)
    debt.recovery_id = ids.new()
    opened = wire.message(
        RecoveryOpened,
        debt,
        elder_id=voucher.elder_id,
        entitlement_id=voucher.entitlement_id,
        claimed_fen=debt.captured_fen,
        cause=Cause.DEATH,
        opened_at=session.now,
    )
    emit(session, opened, payment)
    enter(session, _claimed(debt.recovery_id, debt.area_code, debt.captured_fen))


def _claimed(recovery_id: UUID, area_code: str, amount_fen: int) -> Move:
    return Move("RecoveryOpened", recovery_id, area_code, Account.PAID, Account.CLAIMS, amount_fen)
