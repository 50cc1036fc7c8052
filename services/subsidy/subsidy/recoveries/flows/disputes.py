"""A settlement is disputed after its voucher part was captured: what is owed rests, and what was
paid is claimed back, until it is decided for good.
"""

from uuid import UUID

from kit.contracts.clock import local_day
from kit.db.store import Session
from subsidy.limits import limits
from subsidy.payments.rules import is_after_death
from subsidy.payments.tables import Debt
from subsidy.policies.rules import Cause
from subsidy.recoveries.flows import claiming, deaths
from subsidy.recoveries.rules import RecoveryState
from subsidy.recoveries.tables import Recovery
from subsidy.replicas.tables import Elder
from subsidy.vouchers.tables import Voucher


async def suspend(session: Session, settlement_id: UUID) -> None:
    """Nothing is paid for the visit; what was paid and is not claimed yet is claimed, contested."""
    debt = await session.get(Debt, settlement_id)
    if debt is None:
        return
    debt.held_at = debt.held_at or session.now
    if debt.reversed_at is None and debt.payment_id is not None:
        rest_fen = await claiming.claimable_fen(
            session, debt.payment_id, debt.captured_fen, settlement_id
        )
        if rest_fen:
            await claiming.claim_visit(
                session, debt, debt.payment_id, Cause.SETTLEMENT, rest_fen, contested=True
            )


async def restore(session: Session, settlement_id: UUID) -> None:
    """The visit is to be paid after all: what is owed is due anew, and what was contested of a
    payment is claimed no more; but for a visit after the elder's death, for which nothing is due.
    """
    debt = await session.get(Debt, settlement_id)
    if debt is None:
        return
    debt.held_at = None
    if debt.reversed_at is not None:
        return
    if debt.payment_id is None:
        today = local_day(session.now)
        debt.due_on = today + limits(today).settlement_due
        return
    recovery = await _claim(session, debt)
    if recovery is None or recovery.state != RecoveryState.CONTESTED:
        return
    voucher = await session.get_locked(Voucher, debt.voucher_id)
    elder = await session.get(Elder, voucher.elder_id)
    if elder and is_after_death(debt.visited_on, elder.died_on):
        recovery.state = RecoveryState.OPEN
        recovery.cause = Cause.DEATH
        return
    debt.recovery_id = None
    await claiming.withdraw(session, recovery, recovery.outstanding_fen)


async def confirm(session: Session, settlement_id: UUID) -> None:
    """The visit is not paid for good: what is owed is owed no more, and what was contested of a
    payment is to come back.
    """
    debt = await session.get(Debt, settlement_id)
    if debt is None:
        return
    debt.held_at = None
    if debt.reversed_at is not None:
        # whatever becomes of the death that took it back
        debt.reversed_for = Cause.SETTLEMENT
    elif debt.payment_id is None:
        await deaths.reverse(session, debt, Cause.SETTLEMENT)
    elif recovery := await _claim(session, debt):
        recovery.cause = Cause.SETTLEMENT
        if recovery.state == RecoveryState.CONTESTED:
            recovery.state = RecoveryState.OPEN


async def _claim(session: Session, debt: Debt) -> Recovery | None:
    if debt.recovery_id is None:
        return None
    return await session.get_locked(Recovery, debt.recovery_id)
