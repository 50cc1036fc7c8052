"""Takes back what a fact that arrived late made wrong; payments and events of then stay as they
were.
"""

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from uuid import UUID

from eldercare.subsidy.v1.events_pb2 import VoucherReversed
from sqlalchemy import func
from sqlmodel import col, select

from kit.contracts import wire
from kit.db.store import Session
from kit.messaging.outbox import emit
from subsidy.ledger.rules import Account
from subsidy.payments.rules import PaymentKind, is_after_death
from subsidy.payments.tables import Debt, Payment
from subsidy.policies.rules import Cause
from subsidy.recoveries.flows import claiming
from subsidy.recoveries.rules import RecoveryState
from subsidy.recoveries.tables import Recovery
from subsidy.vouchers.flows.balance import give_back
from subsidy.vouchers.tables import Voucher


@dataclass(slots=True)
class GivenMonth:
    """Cash of one month: payments, the newest last, and what is claimed back of each, fen."""

    paid: list[tuple[Payment, int]] = field(default_factory=list)

    @property
    def net_fen(self) -> int:
        """What was paid and not claimed back."""
        return sum(payment.paid_fen - claimed_fen for payment, claimed_fen in self.paid)


# elder and policy → month → what was given
Given = Mapping[tuple[UUID, str], Mapping[str, GivenMonth]]


async def given_to(
    session: Session, elder_ids: Collection[UUID], month: str | None = None
) -> Given:
    """The cash that elders were given. month: of one month alone."""
    claimed = (
        select(func.coalesce(func.sum(col(Recovery.claimed_fen)), 0))
        .where(
            col(Recovery.payment_id) == col(Payment.payment_id),
            col(Recovery.state) != RecoveryState.WITHDRAWN,
        )
        .scalar_subquery()
    )
    wanted = (
        select(Payment, claimed)
        .where(
            col(Payment.elder_id) == func.any(sorted(elder_ids)),
            col(Payment.kind).in_((PaymentKind.CASH, PaymentKind.ARREARS)),
        )
        .order_by(col(Payment.payment_id))
    )
    if month is not None:
        wanted = wanted.where(col(Payment.month) == month)
    found = defaultdict[tuple[UUID, str], defaultdict[str, GivenMonth]](
        lambda: defaultdict(GivenMonth)
    )
    for payment, claimed_fen in (await session.exec(wanted)).all():
        if payment.elder_id is not None:
            own = found[payment.elder_id, payment.policy_code][payment.month]
            own.paid.append((payment, int(claimed_fen)))
    return found


async def claim_cash(
    session: Session, paid: Sequence[tuple[Payment, int]], claimed_fen: int, cause: Cause
) -> None:
    """Claims back a part of what was paid for a month, of the newest payments first.

    paid: with what is claimed of each before. claimed_fen: at most what is left of them.
    """
    for payment, before_fen in reversed(paid):
        part_fen = min(claimed_fen, payment.paid_fen - before_fen)
        claimed_fen -= part_fen
        if not part_fen:
            continue
        locked = await session.get_locked(Payment, payment.payment_id)
        claiming.claim_cash(session, locked, cause, part_fen)


async def take_back_visits(session: Session, elder_id: UUID, died_on: date) -> None:
    """Takes back vouchers used for visits after the day of death.

    What was taken back before stays as it is, so that a second report adds only what an earlier day
    of death adds.
    """
    # in the order in which the weekly run locks debts; what it has paid while this waited is seen
    # as paid
    wanted = (
        select(Debt)
        .join(Voucher, col(Voucher.voucher_id) == col(Debt.voucher_id))
        .where(
            col(Voucher.elder_id) == elder_id,
            col(Debt.reversed_at).is_(None),
        )
        .order_by(col(Debt.organisation_id), col(Debt.settlement_id))
        .with_for_update(of=Debt)
        .execution_options(populate_existing=True)
    )
    for debt in (await session.exec(wanted)).all():
        if not is_after_death(debt.visited_on, died_on):
            continue
        if debt.payment_id is None:
            await reverse(session, debt, Cause.DEATH)
        else:
            await _claim_visit(session, debt, debt.payment_id)


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
    event = wire.message(
        VoucherReversed,
        debt,
        elder_id=voucher.elder_id,
        reversed_fen=debt.captured_fen,
        cause=cause,
    )
    emit(session, event, voucher)
    give_back(session, voucher, "VoucherReversed", Account.OWED, debt.captured_fen)
