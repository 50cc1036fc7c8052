"""Timers in: each is one line that calls a flow."""

from uuid import UUID

from kit.db.store import Session
from kit.runtime.timers import timer
from subsidy.entitlements.flows import monthly, reviewing
from subsidy.policies import flows as policies
from subsidy.settings import GROUP


@timer(reviewing.REVIEW, group=GROUP)
async def review_elder(session: Session, key: str) -> None:
    await reviewing.review_elder(session, UUID(key))


@timer(policies.REVIEW, group=GROUP)
async def review_all(session: Session, key: str) -> None:
    await monthly.review_all(session, key)


@timer(monthly.ISSUE, group=GROUP)
async def issue_vouchers(session: Session, month: str) -> None:
    await monthly.issue_vouchers(session, month)


@timer(monthly.CASH, group=GROUP)
async def pay_month(session: Session, month: str) -> None:
    await monthly.pay_month(session, month)
