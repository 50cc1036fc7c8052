"""Takes back what a fact that arrived late made wrong; payments and events of then stay as they
were.
"""

from datetime import date
from uuid import UUID

from eldercare.subsidy.v1.events_pb2 import RecoveryOpened, VoucherReversed
from sqlmodel import col, select

from kit.contracts import ids, wire
from kit.db.store import Session
from kit.messaging.outbox import emit
from subsidy.ledger.flows import Move, enter
from subsidy.ledger.rules import Account
from subsidy.payments.rules import PaymentKind, is_after_death
from subsidy.payments.tables import Debt, Payment
from subsidy.policies.rules import Cause
from subsidy.recoveries.tables import Recovery
from subsidy.runs.rules import month_of
from subsidy.vouchers.flows.balance import give_back
from subsidy.vouchers.tables import Voucher


async def open_after_death(session: Session, elder_id: UUID, died_on: date) -> None:
    """Takes back cash paid for the months after the month of death, and vouchers used for visits
    after the day of death.

    What was taken back before stays as it is, so that a second report adds only what an earlier day
    of death adds.
    """
    await _claim_cash(session, elder_id, died_on)
    await _take_back_visits(session, elder_id, died_on)


async def _claim_cash(session: Session, elder_id: UUID, died_on: date) -> None:
    claimed = select(Recovery.recovery_id).where(
        col(Recovery.payment_id) == col(Payment.payment_id)
    )
    wanted = (
        select(Payment)
        .where(
            col(Payment.elder_id) == elder_id,
            col(Payment.kind) == PaymentKind.CASH,
            col(Payment.month) > month_of(died_on),
            ~claimed.exists(),
        )
        .order_by(col(Payment.payment_id))
        .with_for_update(of=Payment)
    )
    for payment in (await session.exec(wanted)).all():
        opened = wire.message(
            RecoveryOpened,
            payment,
            recovery_id=ids.new(),
            claimed_fen=payment.paid_fen,
            cause=Cause.DEATH,
            opened_at=session.now,
            settlement_id=None,
        )
        recovery = wire.row(Recovery, opened)
        session.add(recovery)
        emit(session, opened, payment)
        enter(session, _claimed(recovery.recovery_id, payment.area_code, payment.paid_fen))


async def _take_back_visits(session: Session, elder_id: UUID, died_on: date) -> None:
    # in the order in which the weekly run locks debts; what it has paid while this waited is seen
    # as paid
    wanted = (
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
    for debt in (await session.exec(wanted)).all():
        if not is_after_death(debt.visited_on, died_on):
            continue
        if debt.payment_id is None:
            await _reverse(session, debt)
        else:
            await _claim(session, debt, debt.payment_id)


async def _reverse(session: Session, debt: Debt) -> None:
    """Takes back a debt that was not paid yet: nothing is owed any more, and the voucher has it
    again while its time is not over.
    """
    voucher = await session.get_locked(Voucher, debt.voucher_id)
    voucher.captured_fen -= debt.captured_fen
    debt.reversed_at = session.now
    event = wire.message(
        VoucherReversed,
        debt,
        elder_id=voucher.elder_id,
        reversed_fen=debt.captured_fen,
        cause=Cause.DEATH,
    )
    emit(session, event, voucher)
    give_back(session, voucher, "VoucherReversed", Account.OWED, debt.captured_fen)


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
    return Move(
        document="RecoveryOpened",
        document_id=recovery_id,
        area_code=area_code,
        source=Account.PAID,
        target=Account.CLAIMS,
        amount_fen=amount_fen,
    )
