"""Runs over everybody entitled: the month's vouchers, the month's cash, and a review where a policy
changes.
"""

from datetime import datetime, timedelta
from uuid import UUID

from sqlmodel import col

from kit.contracts.clock import day_start, local_day
from kit.db.store import Session
from subsidy.entitlements.flows.granting import give, reaching
from subsidy.entitlements.flows.reviewing import review_many
from subsidy.entitlements.tables import Entitlement
from subsidy.payments.flows.cash import CashDue, pay_cash, pay_day
from subsidy.policies.flows import REVIEW
from subsidy.runs import flows as runs
from subsidy.runs.flows import CHUNK, Progress, Upcoming
from subsidy.runs.rules import first_day, month_after, month_of

ISSUE = "voucher-issue"  # timer: the first instant of a month
CASH = "cash-pay"  # timer: the day of a month on which its cash is paid

REVIEWED = 200  # elders in one transaction, decided one by one

# $2: the last whole day before the pay day, $3: its end. What was decided later changes neither
# amount nor area; a decision of before the column was there has no amount, and the entitlement's is
# taken
_IN_FORCE = """
select entitlement_id, elder_id, coalesce(decided.area_code, entitlement.area_code), policy_code,
    coalesce(decided.monthly_fen, entitlement.monthly_fen)
from entitlement left join lateral (
    select decision.monthly_fen, facts ->> 'area_code' as area_code
    from decision
    where decision.entitlement_id = entitlement.entitlement_id and decided_at < $3
    order by decision.version desc limit 1
) as decided on true
where kind = 2 and ($1::uuid is null or entitlement_id > $1)
    and valid_from <= $2 and (valid_to is null or valid_to > $2)
order by entitlement_id limit $4
for update of entitlement
"""


async def schedule(session: Session) -> None:
    """Sets the timers of the present month's vouchers and cash."""
    month = month_of(local_day(session.now))
    await runs.schedule(session, ISSUE, month, _issues_at(month))
    await runs.schedule(session, CASH, month, _pays_at(month))


def _issues_at(month: str) -> datetime:
    return day_start(first_day(month))


def _pays_at(month: str) -> datetime:
    return day_start(pay_day(month))


async def issue_vouchers(session: Session, month: str) -> None:
    """Issues the month's vouchers to everybody who is entitled on its first day, the next chunk of
    them; a month that is over gets none.
    """
    over = month < month_of(local_day(session.now))

    async def chunk(session: Session, after: UUID | None) -> Progress:
        return Progress(None, 0) if over else await _issue_chunk(session, month, after)

    following = month_after(month)
    await runs.step(session, ISSUE, month, chunk, Upcoming(following, _issues_at(following)))


async def _issue_chunk(session: Session, month: str, after: UUID | None) -> Progress:
    """Issues the month's vouchers of the next entitlements that are known to have been there on its
    first day.

    The facts and the policy of that day decide, whether or not the timers that end, open or change
    entitlements on it have fired, and however late this one fires.
    """
    wanted = reaching(month).limit(CHUNK)
    if after is not None:
        wanted = wanted.where(col(Entitlement.entitlement_id) > after)
    entitlements = (await session.exec(wanted)).all()
    issued = await give(session, entitlements, month)
    return Progress(entitlements[-1].entitlement_id if len(entitlements) == CHUNK else None, issued)


async def pay_month(session: Session, month: str) -> None:
    """Pays the month's cash to everybody who is entitled when the pay day begins, the next chunk of
    them.
    """

    async def chunk(session: Session, after: UUID | None) -> Progress:
        return await _pay_chunk(session, month, after)

    following = month_after(month)
    await runs.step(session, CASH, month, chunk, Upcoming(following, _pays_at(following)))


async def _pay_chunk(session: Session, month: str, after: UUID | None) -> Progress:
    """Pays the next entitlements that were in force when the pay day began, as much as they gave
    then.

    Both come from dated rows, so that a run that is late pays what a punctual one does. A death is
    the exception: who is known by now to have died before is not paid.
    """
    pay_on = pay_day(month)
    driver = await session.driver()
    rows = await driver.fetch(
        _IN_FORCE, after, pay_on - timedelta(days=1), day_start(pay_on), CHUNK
    )
    due = [CashDue(*row) for row in rows]
    paid = await pay_cash(session, month, due)
    return Progress(due[-1].entitlement_id if len(due) == CHUNK else None, paid)


async def review_all(session: Session, key: str) -> None:
    """Decides again about everybody, because a version of a policy begins: `code/first day/version
    of the row`.
    """
    await runs.step(session, REVIEW, key, _review_chunk)


async def _review_chunk(session: Session, after: UUID | None) -> Progress:
    reviewed = await review_many(session, after, REVIEWED)
    return Progress(reviewed[-1] if len(reviewed) == REVIEWED else None, len(reviewed))
