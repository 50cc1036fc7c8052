"""Runs over everybody entitled: the month's vouchers, the month's cash, and a review where a policy
changes.
"""

from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime
from uuid import UUID

from sqlmodel import col

from kit.contracts.clock import day_start, local_day
from kit.db.store import Session
from subsidy.entitlements.flows import granting
from subsidy.entitlements.flows.courses import Beneficiary
from subsidy.entitlements.flows.reviewing import review_many
from subsidy.entitlements.tables import Entitlement
from subsidy.payments.flows.cash import pay_day
from subsidy.policies.flows import REVIEW
from subsidy.policies.rules import Kind
from subsidy.runs import flows as runs
from subsidy.runs.flows import CHUNK, Progress, Upcoming
from subsidy.runs.rules import first_day, month_after, month_of

ISSUE = "voucher-issue"  # timer: the first instant of a month
CASH = "cash-pay"  # timer: the day of a month on which its cash is paid

REVIEWED = 200  # elders in one transaction, decided one by one
Give = Callable[[Session, Sequence[Beneficiary], str], Awaitable[int]]


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
    """Issues the month's vouchers to everybody who is entitled in it, the next chunk of them; what
    a run issues that comes after its month can be used in the present one.
    """

    async def chunk(session: Session, after: UUID | None) -> Progress:
        return await _issue_chunk(session, month, after)

    following = month_after(month)
    await runs.step(session, ISSUE, month, chunk, Upcoming(following, _issues_at(following)))


async def _issue_chunk(session: Session, month: str, after: UUID | None) -> Progress:
    """Issues the month's vouchers of the next entitlements that reach it.

    The facts and the policy of its days decide, whether or not the timers that end, open or change
    entitlements on them have fired, and however late this one fires.
    """
    return await _chunk(session, Kind.VOUCHER, month, after, granting.issue_month)


async def pay_month(session: Session, month: str) -> None:
    """Pays the month's cash to everybody who is entitled in it, the next chunk of them; a run that
    is late pays what a punctual one does.
    """

    async def chunk(session: Session, after: UUID | None) -> Progress:
        return await _pay_chunk(session, month, after)

    following = month_after(month)
    await runs.step(session, CASH, month, chunk, Upcoming(following, _pays_at(following)))


async def _pay_chunk(session: Session, month: str, after: UUID | None) -> Progress:
    return await _chunk(session, Kind.CASH, month, after, granting.pay_month)


async def _chunk(
    session: Session, kind: Kind, month: str, after: UUID | None, give: Give
) -> Progress:
    wanted = granting.reaching(kind, month).limit(CHUNK)
    if after is not None:
        wanted = wanted.where(col(Entitlement.entitlement_id) > after)
    entitlements = (await session.exec(wanted)).all()
    done = await give(session, await granting.beneficiaries(session, entitlements), month)
    return Progress(entitlements[-1].entitlement_id if len(entitlements) == CHUNK else None, done)


async def review_all(session: Session, key: str) -> None:
    """Decides again about everybody, because a version of a policy begins: `code/first day/version
    of the row`.
    """
    await runs.step(session, REVIEW, key, _review_chunk)


async def _review_chunk(session: Session, after: UUID | None) -> Progress:
    reviewed = await review_many(session, after, REVIEWED)
    return Progress(reviewed[-1] if len(reviewed) == REVIEWED else None, len(reviewed))
