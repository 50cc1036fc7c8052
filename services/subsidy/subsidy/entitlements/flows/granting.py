"""What entitlements give as the vouchers of a month: the facts and the policy of its first day
decide, whatever the timers of that day have written by then.
"""

from collections.abc import Sequence

from sqlalchemy import func, or_
from sqlmodel import col, select
from sqlmodel.sql.expression import SelectOfScalar

from kit.db.store import Session
from subsidy.entitlements.rules import State
from subsidy.entitlements.tables import Entitlement
from subsidy.policies import flows as policies
from subsidy.policies.rules import Facts, Kind
from subsidy.replicas.flows import results_of
from subsidy.replicas.tables import Elder
from subsidy.runs.rules import first_day
from subsidy.vouchers.flows.issuing import issue_many
from subsidy.vouchers.flows.lapsing import end_month
from subsidy.vouchers.rules import Grant


def reaching(month: str) -> SelectOfScalar[Entitlement]:
    """The entitlements to vouchers that may give one of this month, in the order of their ids: not
    refused, begun by its first day, and not ended before it.

    Their lock orders this with a death or a refusal, which end their vouchers.
    """
    first = first_day(month)
    return (
        select(Entitlement)
        .where(
            col(Entitlement.kind) == Kind.VOUCHER,
            col(Entitlement.state) != State.REFUSED,
            col(Entitlement.valid_from) <= first,
            or_(col(Entitlement.valid_to).is_(None), col(Entitlement.valid_to) >= first),
        )
        .order_by(col(Entitlement.entitlement_id))
        .with_for_update()
    )


async def give(session: Session, entitlements: Sequence[Entitlement], month: str) -> int:
    """Issues the vouchers of a month that these entitlements give, as far as is known now, and
    returns how many; doing it twice changes nothing.

    What one was given ahead, and is not due on the month's first day, is gone but for what is held.
    """
    if not entitlements:
        return 0
    grants = await _grants(session, entitlements, month)
    due = {grant.entitlement_id for grant in grants}
    not_due = [one.entitlement_id for one in entitlements if one.entitlement_id not in due]
    await end_month(session, not_due, month)
    return await issue_many(session, grants, month)


async def _grants(session: Session, entitlements: Sequence[Entitlement], month: str) -> list[Grant]:
    within = sorted({one.elder_id for one in entitlements})
    wanted = select(Elder).where(col(Elder.elder_id) == func.any(within))
    elders = {elder.elder_id: elder for elder in (await session.exec(wanted)).all()}
    results = await results_of(session, within)
    first = first_day(month)
    found = []
    for one in entitlements:
        facts = policies.facts_on(elders[one.elder_id], results[one.elder_id], first)
        if grant := _grant(one, facts):
            found.append(grant)
    return found


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
