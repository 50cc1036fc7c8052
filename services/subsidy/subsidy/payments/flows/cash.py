"""Pays cash to elders: each month once, and once more what a late fact adds to it."""

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
    """What a month of an entitlement lacks in cash. paid_fen: fen for that month. due_on: its pay
    day, or the later day on which it became known. is_first: nothing was paid for it before.
    """

    entitlement_id: UUID
    elder_id: UUID
    area_code: str
    policy_code: str
    month: str
    paid_fen: int
    due_on: date
    is_first: bool


def pay_day(month: str) -> date:
    """The day on which a month's cash is paid."""
    return rules.pay_day(month, limits(first_day(month)).cash_day)


async def pay_cash(session: Session, due: Sequence[CashDue]) -> int:
    """Pays what months lack; returns how many payments were made."""
    paid = await insert(session, [_payment(session, one) for one in due])
    await book(session, *(_paid(payment) for payment in paid))
    return len(paid)


def _payment(session: Session, due: CashDue) -> NewPayment:
    return NewPayment(
        payment_id=ids.new(),
        kind=PaymentKind.CASH if due.is_first else PaymentKind.ARREARS,
        organisation_id=None,
        elder_id=due.elder_id,
        entitlement_id=due.entitlement_id,
        area_code=due.area_code,
        policy_code=due.policy_code,
        month=due.month,
        paid_fen=due.paid_fen,
        settlements=0,
        due_on=due.due_on,
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
