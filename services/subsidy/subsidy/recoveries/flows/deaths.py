"""Takes back what a death that is told late made wrong of visits, and makes that good where the
death was none or of a later day; payments and events of then stay as they were.
"""

from collections.abc import Sequence
from datetime import date
from uuid import UUID

from eldercare.subsidy.v1.events_pb2 import VoucherReversed
from sqlalchemy import ColumnElement, and_, or_
from sqlmodel import col, select

from kit.contracts import wire
from kit.contracts.clock import local_day
from kit.db.store import Session
from kit.messaging.outbox import emit
from subsidy.ledger.rules import Account
from subsidy.limits import limits
from subsidy.payments.flows.debts import pay_anew
from subsidy.payments.rules import is_after_death
from subsidy.payments.tables import Debt
from subsidy.policies.rules import Cause
from subsidy.recoveries.flows import claiming
from subsidy.recoveries.rules import CLAIMED, RecoveryState
from subsidy.recoveries.tables import Recovery
from subsidy.vouchers.flows.balance import give_back, use_again
from subsidy.vouchers.tables import Voucher


async def take_back_visits(session: Session, elder_id: UUID, died_on: date) -> None:
    """Takes back vouchers used for visits after the day of death.

    What was taken back before stays as it is, so that a second report adds only what an earlier day
    of death adds.
    """
    for debt in await _debts(session, elder_id, col(Debt.reversed_at).is_(None)):
        if not is_after_death(debt.visited_on, died_on):
            continue
        if debt.payment_id is None:
            await reverse(session, debt, Cause.DEATH)
        else:
            await _claim_visit(session, debt, debt.payment_id)


async def give_back_visits(session: Session, elder_id: UUID, died_on: date | None) -> None:
    """Makes good what a death took back of visits that do not lie after it, since it was none or is
    of a later day: what was owed is owed again, what is claimed is claimed no more, and what had
    come back is paid anew.

    died_on: as it is known now.
    """
    by_death = or_(
        col(Debt.reversed_for) == Cause.DEATH,
        # 0.1.0 knew no other reason, and wrote none
        and_(col(Debt.reversed_at).is_not(None), col(Debt.reversed_for).is_(None)),
        col(Debt.recovery_id).in_(
            select(Recovery.recovery_id).where(
                col(Recovery.elder_id) == elder_id, col(Recovery.cause) == Cause.DEATH
            )
        ),
    )
    for debt in await _debts(session, elder_id, by_death):
        if is_after_death(debt.visited_on, died_on):
            continue
        if debt.reversed_at is not None:
            await _owe_again(session, debt)
        elif debt.recovery_id is not None:
            await _claim_no_more(session, debt, debt.recovery_id)


async def _debts(session: Session, elder_id: UUID, which: ColumnElement[bool]) -> Sequence[Debt]:
    # in the order in which the weekly run locks debts; what it has paid while this waited is seen
    # as paid
    wanted = (
        select(Debt)
        .join(Voucher, col(Voucher.voucher_id) == col(Debt.voucher_id))
        # the month of a stay is told anew without the days after the death
        .where(col(Voucher.elder_id) == elder_id, ~col(Debt.is_stay), which)
        .order_by(col(Debt.organisation_id), col(Debt.settlement_id))
        .with_for_update(of=Debt)
        .execution_options(populate_existing=True)
    )
    return (await session.exec(wanted)).all()


async def _owe_again(session: Session, debt: Debt) -> None:
    voucher = await session.get_locked(Voucher, debt.voucher_id)
    used_fen = use_again(session, voucher, debt, debt.captured_fen)
    if not used_fen:
        return  # the elder has used it otherwise meanwhile
    today = local_day(session.now)
    debt.captured_fen = used_fen
    debt.reversed_at = debt.reversed_for = None
    debt.due_on = today + limits(today).settlement_due


async def _claim_no_more(session: Session, debt: Debt, recovery_id: UUID) -> None:
    recovery = await session.get_locked(Recovery, recovery_id)
    if debt.held_at is not None and recovery.state in CLAIMED:
        # its settlement is disputed, which decides about the claim
        recovery.state = RecoveryState.CONTESTED
        recovery.cause = Cause.SETTLEMENT
        return
    debt.recovery_id = None
    if recovery.state in CLAIMED:
        await claiming.withdraw(session, recovery, recovery.outstanding_fen)
    if recovery.repaid_fen:
        await pay_anew(session, debt, recovery.repaid_fen)


async def _claim_visit(session: Session, debt: Debt, payment_id: UUID) -> None:
    rest_fen = await claiming.claimable_fen(
        session, payment_id, debt.captured_fen, debt.settlement_id
    )
    if rest_fen:
        await claiming.claim_visit(session, debt, payment_id, Cause.DEATH, rest_fen)


async def reverse(session: Session, debt: Debt, cause: Cause) -> None:
    """Takes back a debt that was not paid yet: nothing is owed any more, and the voucher has it
    again while its time is not over.
    """
    voucher = await session.get_locked(Voucher, debt.voucher_id)
    voucher.captured_fen -= debt.captured_fen
    debt.reversed_at = session.now
    debt.reversed_for = cause
    event = wire.message(
        VoucherReversed,
        debt,
        elder_id=voucher.elder_id,
        reversed_fen=debt.captured_fen,
        cause=cause,
    )
    emit(session, event, voucher)
    give_back(session, voucher, "VoucherReversed", Account.OWED, debt.captured_fen)
