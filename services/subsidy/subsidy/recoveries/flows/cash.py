"""Claims back cash that turned out to be too much, and withdraws such claims where a later fact
shows that it was not.
"""

from collections import defaultdict
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from uuid import UUID

from sqlalchemy import ColumnElement, func
from sqlmodel import col, select

from kit.db.store import Session
from subsidy.payments.rules import PaymentKind
from subsidy.payments.tables import Payment
from subsidy.policies.rules import Cause
from subsidy.recoveries.flows import claiming
from subsidy.recoveries.rules import RecoveryState
from subsidy.recoveries.tables import Recovery


@dataclass(frozen=True, slots=True)
class Paid:
    """One payment. claimed_fen: of it, whether or not it came back. missed_fen: of that, what a
    fact claims back and nobody has given up.
    """

    payment: Payment
    claimed_fen: int
    missed_fen: int


@dataclass(slots=True)
class GivenMonth:
    """Cash of one month: payments, the newest last."""

    paid: list[Paid] = field(default_factory=list)

    @property
    def left_fen(self) -> int:
        """What was paid and not claimed back."""
        return sum(one.payment.paid_fen - one.claimed_fen for one in self.paid)

    @property
    def kept_fen(self) -> int:
        """What the elder has of it, or had until an official claimed it back."""
        return sum(one.payment.paid_fen - one.missed_fen for one in self.paid)


# elder and policy → month → what was given
Given = Mapping[tuple[UUID, str], Mapping[str, GivenMonth]]


async def given_to(
    session: Session,
    elder_ids: Collection[UUID],
    since: str | None = None,
    through: str | None = None,
) -> Given:
    """The cash that elders were given. since, through: of these months alone."""
    missed = func.sum(col(Recovery.claimed_fen) - col(Recovery.waived_fen)).filter(
        col(Recovery.raised_by).is_(None)
    )
    wanted = (
        select(Payment, _sum(func.sum(col(Recovery.claimed_fen))), _sum(missed))
        .where(
            col(Payment.elder_id) == func.any(sorted(elder_ids)),
            col(Payment.kind).in_((PaymentKind.CASH, PaymentKind.ARREARS)),
        )
        .order_by(col(Payment.payment_id))
    )
    if since is not None:
        wanted = wanted.where(col(Payment.month).between(since, through))
    found = defaultdict[tuple[UUID, str], defaultdict[str, GivenMonth]](
        lambda: defaultdict(GivenMonth)
    )
    for payment, claimed_fen, missed_fen in (await session.exec(wanted)).all():
        if payment.elder_id is not None:
            own = found[payment.elder_id, payment.policy_code][payment.month]
            own.paid.append(Paid(payment, int(claimed_fen), int(missed_fen)))
    return found


def _sum(amount: ColumnElement[int]) -> ColumnElement[int]:
    """Of the claims on a payment that were not withdrawn."""
    return (
        select(func.coalesce(amount, 0))
        .where(
            col(Recovery.payment_id) == col(Payment.payment_id),
            col(Recovery.state) != RecoveryState.WITHDRAWN,
        )
        .scalar_subquery()
    )


async def claim_back(session: Session, given: GivenMonth, claimed_fen: int, cause: Cause) -> None:
    """Claims back a part of what was paid for a month, of the newest payments first.

    claimed_fen: at most what is left of them.
    """
    for one in reversed(given.paid):
        part_fen = min(claimed_fen, one.payment.paid_fen - one.claimed_fen)
        claimed_fen -= part_fen
        if part_fen:
            payment = await session.get_locked(Payment, one.payment.payment_id)
            claiming.claim_cash(session, payment, cause, part_fen)


async def claim_no_more(session: Session, given: GivenMonth, due_fen: int) -> int:
    """Withdraws what facts claim of a month, as far as it is due after all and has not come back;
    returns how much.
    """
    payments = [one.payment.payment_id for one in given.paid]
    return await claiming.claim_no_more(session, col(Recovery.payment_id).in_(payments), due_fen)
