"""Gives a month's voucher before its run, where an order of that month needs it."""

from collections.abc import Callable
from uuid import UUID

from sqlmodel import col

from kit.contracts.clock import local_day
from kit.db.store import Session
from subsidy.entitlements.flows.granting import beneficiaries, issue_month, reaching
from subsidy.entitlements.flows.monthly import ISSUE
from subsidy.entitlements.tables import Entitlement
from subsidy.policies.rules import Kind
from subsidy.replicas.tables import Elder
from subsidy.runs.flows import is_finished
from subsidy.runs.rules import month_after, month_of
from subsidy.vouchers.flows.balance import usable
from subsidy.vouchers.tables import Voucher


async def voucher_for(
    session: Session, elder_id: UUID, month: str, due_of: Callable[[Voucher], int]
) -> Voucher | None:
    """The voucher that an order of a month can use, locked. due_of: what each would pay of it.

    It is issued now, before the run has come to this elder, where that run is late or on its way or
    the month is the next one: to somebody who is entitled on the month's first day as far as is
    known now. Any other month gets nothing, and so does an elder whose death is reported.
    """
    elder = await session.get(Elder, elder_id)
    if elder is not None and elder.reported_died_on is not None:
        return None
    present = month_of(local_day(session.now))
    turns = month == present and not await is_finished(session, ISSUE, month)
    voucher = None if turns else await usable(session, elder_id, month, due_of)
    if voucher is None and (turns or month == month_after(present)):
        own = reaching(Kind.VOUCHER, month).where(col(Entitlement.elder_id) == elder_id)
        found = await beneficiaries(session, (await session.exec(own)).all())
        await issue_month(session, found, month)
        voucher = await usable(session, elder_id, month, due_of)
    return voucher
