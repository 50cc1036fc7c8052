"""Opens claims and withdraws them: each with its row, its event and its movement of money."""

from typing import NamedTuple
from uuid import UUID

from eldercare.subsidy.v1.events_pb2 import RecoveryOpened, RecoveryWithdrawn
from sqlalchemy import ColumnElement, func
from sqlmodel import col, select

from kit.contracts import ids, wire
from kit.db.store import Session
from kit.messaging.outbox import emit
from kit.runtime.timers import cancel_timer
from subsidy.ledger.flows import Move, enter
from subsidy.ledger.rules import Account
from subsidy.payments.tables import Debt, Payment
from subsidy.policies.rules import Cause
from subsidy.recoveries.rules import DUE, RecoveryState
from subsidy.recoveries.tables import Recovery
from subsidy.vouchers.tables import Voucher

DEFERRED = "recovery-deferred"  # timer: a claim that was put off is due again


async def claimable_fen(
    session: Session, payment_id: UUID, paid_fen: int, settlement_id: UUID | None = None
) -> int:
    """What can still be claimed of a payment, or of the part that one visit had of it. paid_fen: of
    that.
    """
    wanted = select(func.coalesce(func.sum(Recovery.claimed_fen), 0)).where(
        col(Recovery.payment_id) == payment_id, col(Recovery.state) != RecoveryState.WITHDRAWN
    )
    if settlement_id:
        wanted = wanted.where(col(Recovery.settlement_id) == settlement_id)
    return max(0, paid_fen - int((await session.exec(wanted)).one()))


class Claimed(NamedTuple):
    """What is claimed of one settlement, withdrawn claims left out. missed_fen: of that, by facts
    and not given up. repaid_fen: of that, what came back.
    """

    claimed_fen: int
    missed_fen: int
    repaid_fen: int


async def claimed_of(session: Session, settlement_id: UUID) -> Claimed:
    """What is claimed of a settlement, whatever became of it."""
    by_facts = col(Recovery.raised_by).is_(None)
    missed = func.sum(col(Recovery.claimed_fen) - col(Recovery.waived_fen)).filter(by_facts)
    claimed = func.sum(col(Recovery.claimed_fen))
    repaid = func.sum(col(Recovery.repaid_fen)).filter(by_facts)
    wanted = select(claimed, missed, repaid).where(
        col(Recovery.settlement_id) == settlement_id, col(Recovery.state) != RecoveryState.WITHDRAWN
    )
    found = (await session.exec(wanted)).one()
    return Claimed(*(int(fen or 0) for fen in found))


async def claim_no_more(session: Session, which: ColumnElement[bool], due_fen: int) -> int:
    """Withdraws what facts claim, the newest first, as far as it is due after all and has not come
    back; returns how much. which: the claims.
    """
    wanted = (
        select(Recovery)
        .where(which, col(Recovery.raised_by).is_(None), col(Recovery.state).in_(DUE))
        .order_by(col(Recovery.recovery_id).desc())
        .with_for_update()
        .execution_options(populate_existing=True)
    )
    rest_fen = due_fen
    for recovery in (await session.exec(wanted)).all():
        part_fen = min(rest_fen, recovery.outstanding_fen)
        rest_fen -= part_fen
        if part_fen:
            await withdraw(session, recovery, part_fen)
    return due_fen - rest_fen


def claim_cash(
    session: Session,
    payment: Payment,
    cause: Cause,
    claimed_fen: int,
    *,
    raised_by: str | None = None,
    reason: str = "",
) -> Recovery:
    """Claims a cash payment or a part of it. The payment must be locked."""
    recovery = Recovery.model_validate(
        {
            "recovery_id": ids.new(),
            "payment_id": payment.payment_id,
            "elder_id": payment.elder_id,
            "entitlement_id": payment.entitlement_id,
            "area_code": payment.area_code,
            "month": payment.month,
            "claimed_fen": claimed_fen,
            "cause": cause,
            "raised_by": raised_by,
            "reason": reason,
            "opened_at": session.now,
        }
    )
    return _open(session, recovery, payment)


async def claim_visit(
    session: Session,
    debt: Debt,
    payment_id: UUID,
    cause: Cause,
    claimed_fen: int,
    *,
    contested: bool = False,
    raised_by: str | None = None,
    reason: str = "",
) -> Recovery:
    """Claims one visit's part of a payment from the organisation that got it, in the area where it
    was owed. The debt must be locked.
    """
    voucher = await session.get_locked(Voucher, debt.voucher_id)
    payment = await session.get_locked(Payment, payment_id)
    recovery = Recovery(
        recovery_id=ids.new(),
        payment_id=payment_id,
        settlement_id=debt.settlement_id,
        organisation_id=debt.organisation_id,
        elder_id=voucher.elder_id,
        entitlement_id=voucher.entitlement_id,
        area_code=debt.area_code,
        month=debt.month,
        claimed_fen=claimed_fen,
        cause=cause,
        state=RecoveryState.CONTESTED if contested else RecoveryState.OPEN,
        raised_by=raised_by,
        reason=reason,
        opened_at=session.now,
    )
    debt.recovery_id = recovery.recovery_id
    return _open(session, recovery, payment)


def _open(session: Session, recovery: Recovery, payment: Payment) -> Recovery:
    session.add(recovery)
    opened = wire.message(
        RecoveryOpened, recovery, contested=recovery.state == RecoveryState.CONTESTED
    )
    emit(session, opened, payment)
    book(session, recovery, "RecoveryOpened", Account.PAID, Account.CLAIMS, recovery.claimed_fen)
    return recovery


async def withdraw(session: Session, recovery: Recovery, withdrawn_fen: int) -> None:
    """So much was rightly paid and is claimed no more; where that is all of the claim, there was
    none. The claim must be locked.

    withdrawn_fen: at most what is still to come back.
    """
    payment = await session.get_locked(Payment, recovery.payment_id)
    if withdrawn_fen == recovery.claimed_fen:
        end(session, recovery, RecoveryState.WITHDRAWN)
    else:
        recovery.claimed_fen -= withdrawn_fen
        if not recovery.outstanding_fen:
            end(session, recovery, RecoveryState.REPAID)
    event = wire.message(
        RecoveryWithdrawn, recovery, withdrawn_fen=withdrawn_fen, withdrawn_at=session.now
    )
    emit(session, event, payment)
    book(session, recovery, "RecoveryWithdrawn", Account.CLAIMS, Account.PAID, withdrawn_fen)


def end(session: Session, recovery: Recovery, state: RecoveryState) -> None:
    """Nothing of it is to come back any more."""
    recovery.state = state
    recovery.deferred_until = None
    cancel_timer(session, DEFERRED, str(recovery.recovery_id))


def book(
    session: Session,
    recovery: Recovery,
    document: str,
    source: Account,
    target: Account,
    amount_fen: int,
) -> None:
    """Books what an event says about a claim."""
    move = Move(document, recovery.recovery_id, recovery.area_code, source, target, amount_fen)
    enter(session, move)
