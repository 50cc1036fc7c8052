"""Gives the next month's voucher before its run, where an order of that month needs it."""

from collections.abc import Sequence
from uuid import UUID

from sqlmodel import col, select

from kit.contracts.clock import local_day
from kit.db.store import Session
from subsidy.entitlements.rules import State
from subsidy.entitlements.tables import Entitlement
from subsidy.policies import flows as policies
from subsidy.policies.rules import Facts, Kind
from subsidy.replicas.tables import Elder, Result
from subsidy.runs.rules import first_day, month_after, month_of
from subsidy.vouchers.flows.issuing import issue_many
from subsidy.vouchers.rules import Grant


async def issue_ahead(session: Session, elder_id: UUID, month: str) -> None:
    """Issues the next month's voucher before its run, to somebody who is entitled on that month's
    first day as far as is known now.

    Any other month gets nothing. What the run finds issued stays as it is.
    """
    if month != month_after(month_of(local_day(session.now))):
        return
    entitlements = await _open_vouchers(session, elder_id)
    elder = await session.get(Elder, elder_id) if entitlements else None
    if elder is None:
        return
    approved = select(Result).where(col(Result.elder_id) == elder_id)
    results = (await session.exec(approved)).all()
    facts = policies.facts_on(elder, results, first_day(month))
    grants = [grant for one in entitlements if (grant := _grant(one, facts)) is not None]
    await issue_many(session, grants, month)


async def _open_vouchers(session: Session, elder_id: UUID) -> Sequence[Entitlement]:
    # the lock of the entitlement orders this with a death or a refusal, which end its vouchers
    wanted = (
        select(Entitlement)
        .where(
            col(Entitlement.elder_id) == elder_id,
            col(Entitlement.kind) == Kind.VOUCHER,
            col(Entitlement.state) == State.OPEN,
        )
        .order_by(col(Entitlement.entitlement_id))
        .with_for_update()
    )
    return (await session.exec(wanted)).all()


def _grant(entitlement: Entitlement, facts: Facts) -> Grant | None:
    terms, verdict = policies.verdict_on(entitlement.policy_code, facts)
    if terms is None or not verdict.entitled:
        return None
    return Grant(
        entitlement_id=entitlement.entitlement_id,
        elder_id=entitlement.elder_id,
        area_code=entitlement.area_code,
        policy_code=entitlement.policy_code,
        policy_version=terms.policy_version,
        issued_fen=verdict.monthly_fen,
    )
