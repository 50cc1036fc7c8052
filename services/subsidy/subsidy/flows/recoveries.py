"""Claims money back that a fact which arrived late made wrong; what was paid stays as it was."""

from datetime import date
from uuid import UUID

from eldercare.subsidy.v1.events_pb2 import RecoveryOpened
from sqlmodel import col, select

from kit import ids, wire
from kit.outbox import emit
from kit.store import Session
from subsidy import rules
from subsidy.flows.ledger import Move, enter
from subsidy.rules import Account, Cause, PaymentKind
from subsidy.tables import Payment, Recovery


async def open_after_death(session: Session, elder_id: UUID, died_on: date) -> None:
    """Claims back each cash payment for a month after the month of death; the ones claimed before stay as they are."""
    asked = (
        select(Payment)
        .where(col(Payment.elder_id) == elder_id, col(Payment.kind) == PaymentKind.CASH, col(Payment.month) > rules.month_of(died_on))
        .where(~select(Recovery.recovery_id).where(col(Recovery.payment_id) == col(Payment.payment_id)).exists())
        .order_by(col(Payment.payment_id)).with_for_update(of=Payment)
    )
    for payment in (await session.exec(asked)).all():
        recovery = wire.row(
            Recovery, wire.message(RecoveryOpened, payment, recovery_id=ids.new(), claimed_fen=payment.paid_fen, cause=Cause.DEATH,
                                   opened_at=session.now),
        )
        session.add(recovery)
        emit(session, wire.message(RecoveryOpened, recovery), payment)
        enter(session, Move("RecoveryOpened", recovery.recovery_id, payment.area_code, Account.PAID, Account.CLAIMS, payment.paid_fen))
