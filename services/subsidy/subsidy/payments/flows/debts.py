"""Pays debts to organisations week by week; one transaction per chunk, each debt once."""

from collections import defaultdict
from collections.abc import Sequence
from datetime import date, datetime, timedelta
from typing import NamedTuple
from uuid import UUID

from kit.contracts import ids
from kit.contracts.clock import day_start, local_day
from kit.db.store import Session
from subsidy.ledger.flows import Move, book
from subsidy.ledger.rules import Account
from subsidy.limits import limits
from subsidy.payments.flows.writing import NewPayment, insert
from subsidy.payments.rules import PaymentKind
from subsidy.payments.tables import Debt
from subsidy.replicas.tables import Organisation
from subsidy.runs import flows as runs
from subsidy.runs.flows import Progress, Upcoming
from subsidy.runs.rules import weekday_after

SETTLE = "settlement-pay"  # timer: the day of the week on which providers are paid

ORGANISATIONS = 20  # in one transaction; a large one has some thousand debts a week

# not for what was done after a day of death that is reported and not decided
_OWED_TO = """
select distinct debt.organisation_id, organisation.area_code
from debt join organisation using (organisation_id)
where payment_id is null and reversed_at is null and held_at is null
    and ($1::uuid is null or debt.organisation_id > $1)
    and not exists (
        select 1 from voucher join elder using (elder_id)
        where voucher.voucher_id = debt.voucher_id and reported_died_on < visited_on
    )
order by 1 limit $2
"""
_UNPAID = """
select settlement_id, organisation_id, policy_code, month, area_code, captured_fen, due_on
from debt
where payment_id is null and reversed_at is null and held_at is null
    and organisation_id = any($1)
    and not exists (
        select 1 from voucher join elder using (elder_id)
        where voucher.voucher_id = debt.voucher_id and reported_died_on < visited_on
    )
order by organisation_id, settlement_id
for update
"""
_PAID = """
update debt set payment_id = paid.payment_id
from unnest($1::uuid[], $2::uuid[]) as paid (settlement_id, payment_id)
where debt.settlement_id = paid.settlement_id
"""


class _UnpaidDebt(NamedTuple):
    """A debt as the run pays it. area_code, policy_code, month: of its voucher."""

    settlement_id: UUID
    organisation_id: UUID
    policy_code: str
    month: str
    area_code: str
    captured_fen: int
    due_on: date


async def schedule(session: Session) -> None:
    """Sets the timer of this week's payment of debts."""
    today = local_day(session.now)
    day = weekday_after(today - timedelta(days=1), limits(today).settlement_weekday)
    await runs.schedule(session, SETTLE, day.isoformat(), _begins_at(day))


def _begins_at(day: date) -> datetime:
    return day_start(day) + limits(day).settlement_time


async def pay_debts(session: Session, day: str) -> None:
    """Pays organisations what audited visits have earned them until now, the next chunk of them."""
    # days that were slept through need no run of their own: this one pays all that is owed
    last = max(date.fromisoformat(day), local_day(session.now) - timedelta(days=1))
    following = weekday_after(last, limits(last).settlement_weekday)
    upcoming = Upcoming(following.isoformat(), _begins_at(following))
    await runs.step(session, SETTLE, day, _pay_chunk, upcoming)


async def _pay_chunk(session: Session, after: UUID | None) -> Progress:
    """Pays the next organisations all that is owed to them: one payment for each policy and month
    of vouchers.
    """
    driver = await session.driver()
    payees = await driver.fetch(_OWED_TO, after, ORGANISATIONS)
    areas: dict[UUID, str] = dict(tuple(row) for row in payees)
    unpaid = [_UnpaidDebt(*row) for row in await driver.fetch(_UNPAID, list(areas))]
    payments: list[NewPayment] = []
    moves: list[Move] = []
    settled: list[tuple[UUID, UUID]] = []
    for debts in _together(unpaid):
        payment = _payment(session, debts, areas[debts[0].organisation_id])
        payments.append(payment)
        settled += [(debt.settlement_id, payment.payment_id) for debt in debts]
        moves += _moves(payment, debts)
    await insert(session, payments)
    if settled:
        await driver.execute(_PAID, *(list(column) for column in zip(*settled, strict=True)))
    await book(session, *moves)
    return Progress(max(areas) if len(areas) == ORGANISATIONS else None, len(payments))


async def pay_anew(
    session: Session, debt: Debt, paid_fen: int, source: Account = Account.FUND
) -> None:
    """Pays an organisation what it had repaid of a debt that is rightly paid after all, or what
    more is owed than was paid. source: `fund`, to which what came back went, or `owed`.
    """
    organisation = await session.get_locked(Organisation, debt.organisation_id)
    today = local_day(session.now)
    payment = NewPayment(
        payment_id=ids.new(),
        kind=PaymentKind.SETTLEMENT,
        organisation_id=debt.organisation_id,
        elder_id=None,
        entitlement_id=None,
        area_code=organisation.area_code,
        policy_code=debt.policy_code,
        month=debt.month,
        paid_fen=paid_fen,
        settlements=1,
        due_on=today,
        paid_on=today,
        paid_at=session.now,
    )
    await insert(session, [payment])
    move = Move("PaymentMade", payment.payment_id, debt.area_code, source, Account.PAID, paid_fen)
    await book(session, move)
    if paid_fen == debt.captured_fen:
        debt.payment_id = payment.payment_id


def _together(unpaid: Sequence[_UnpaidDebt]) -> list[list[_UnpaidDebt]]:
    """The debts that one payment settles: of one organisation, policy and month."""
    found: defaultdict[tuple[UUID, str, str], list[_UnpaidDebt]] = defaultdict(list)
    for debt in unpaid:
        found[debt.organisation_id, debt.policy_code, debt.month].append(debt)
    return list(found.values())


def _payment(session: Session, debts: Sequence[_UnpaidDebt], area_code: str) -> NewPayment:
    """One payment of debts. area_code: of the organisation."""
    return NewPayment(
        payment_id=ids.new(),
        kind=PaymentKind.SETTLEMENT,
        organisation_id=debts[0].organisation_id,
        elder_id=None,
        entitlement_id=None,
        area_code=area_code,
        policy_code=debts[0].policy_code,
        month=debts[0].month,
        paid_fen=sum(debt.captured_fen for debt in debts),
        settlements=len(debts),
        due_on=min(debt.due_on for debt in debts),
        paid_on=local_day(session.now),
        paid_at=session.now,
    )


def _moves(payment: NewPayment, debts: Sequence[_UnpaidDebt]) -> list[Move]:
    # money leaves the account where it was owed, so that each area balances by itself
    by_area: defaultdict[str, int] = defaultdict(int)
    for debt in debts:
        by_area[debt.area_code] += debt.captured_fen
    return [
        Move("PaymentMade", payment.payment_id, area, Account.OWED, Account.PAID, amount)
        for area, amount in sorted(by_area.items())
    ]
