"""Pays cash to elders: each month of an entitlement once."""

from collections.abc import Sequence
from datetime import date
from typing import NamedTuple
from uuid import UUID

from kit.contracts import ids
from kit.contracts.clock import local_day
from kit.db.store import Session
from subsidy.ledger.flows import Move, book
from subsidy.ledger.rules import Account
from subsidy.limits import limits
from subsidy.payments.flows.writing import NewPayment, insert
from subsidy.payments.rules import PaymentKind
from subsidy.runs import rules
from subsidy.runs.rules import first_day


class CashDue(NamedTuple):
    """What one month of an entitlement gives in cash. paid_fen: fen for that month."""

    entitlement_id: UUID
    elder_id: UUID
    area_code: str
    policy_code: str
    paid_fen: int


def pay_day(month: str) -> date:
    """The day on which a month's cash is paid."""
    return rules.pay_day(month, limits(first_day(month)).cash_day)


async def pay_cash(session: Session, month: str, due: Sequence[CashDue]) -> int:
    """Pays a month's cash to those who have not got it; returns how many were paid."""
    due_on = pay_day(month)
    payments = [_payment(session, month, due_on, one) for one in due]
    paid = await insert(session, payments)
    await book(session, *(_paid(payment) for payment in paid))
    return len(paid)


def _payment(session: Session, month: str, due_on: date, due: CashDue) -> NewPayment:
    return NewPayment(
        payment_id=ids.new(),
        kind=PaymentKind.CASH,
        organisation_id=None,
        elder_id=due.elder_id,
        entitlement_id=due.entitlement_id,
        area_code=due.area_code,
        policy_code=due.policy_code,
        month=month,
        paid_fen=due.paid_fen,
        settlements=0,
        due_on=due_on,
        paid_on=local_day(session.now),
        paid_at=session.now,
    )


def _paid(payment: NewPayment) -> Move:
    return Move(
        document="PaymentMade",
        document_id=payment.payment_id,
        area_code=payment.area_code,
        source=Account.FUND,
        target=Account.PAID,
        amount_fen=payment.paid_fen,
    )
