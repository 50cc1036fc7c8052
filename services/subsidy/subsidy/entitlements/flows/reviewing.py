"""Opens, changes and ends entitlements by facts alone, without application (免申即享)."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import asdict
from datetime import date
from uuid import UUID

from eldercare.subsidy.v1.events_pb2 import (
    EntitlementChanged,
    EntitlementClosed,
    EntitlementOpened,
)
from sqlalchemy import func
from sqlmodel import col, select

from kit.contracts import ids, wire
from kit.contracts.clock import day_start, local_day
from kit.db.store import Session
from kit.messaging.outbox import emit
from kit.runtime.timers import set_timer
from subsidy.entitlements.rules import State
from subsidy.entitlements.tables import Case, Decision, Entitlement
from subsidy.policies import flows as policies
from subsidy.policies.rules import Cause, Facts, Kind, Terms, Verdict
from subsidy.recoveries.flows import open_after_death
from subsidy.replicas.flows import approved_levels, results_of
from subsidy.replicas.rules import Status, next_change
from subsidy.replicas.tables import Elder, Result
from subsidy.runs.rules import month_of
from subsidy.vouchers.flows.issuing import issue, issue_again
from subsidy.vouchers.flows.lapsing import end
from subsidy.vouchers.rules import Grant

REVIEW = "entitlement-review"  # timer: a day on which an elder's level begins or ends


async def review_elder(session: Session, elder_id: UUID) -> None:
    """Decides again about an elder because a day came on which a level begins or ends."""
    await review(session, [await session.get_locked(Elder, elder_id)])


async def review_many(session: Session, after: UUID | None, most: int) -> list[UUID]:
    """Decides again about the next elders in the order of their ids, and returns their ids; fewer
    than `most`: there are no more.
    """
    wanted = (
        select(Elder)
        .join(Case, col(Case.elder_id) == col(Elder.elder_id))
        .order_by(col(Elder.elder_id))
        .limit(most)
    )
    if after is not None:
        wanted = wanted.where(col(Elder.elder_id) > after)
    elders = (await session.exec(wanted.with_for_update(of=Elder))).all()
    await review(session, elders)
    return [elder.elder_id for elder in elders]


async def review(session: Session, elders: Sequence[Elder]) -> None:
    """Brings the entitlements of these elders in line with what is known on this day; doing it
    twice changes nothing.
    """
    if not elders:
        return
    within = [elder.elder_id for elder in elders]
    given = (
        select(Entitlement)
        .where(col(Entitlement.elder_id) == func.any(within))
        .order_by(col(Entitlement.entitlement_id))
        .with_for_update()
    )
    results = await results_of(session, within)
    known: defaultdict[UUID, list[Entitlement]] = defaultdict(list)
    for entitlement in (await session.exec(given)).all():
        known[entitlement.elder_id].append(entitlement)
    for elder in elders:
        await _decide(session, elder, results[elder.elder_id], known[elder.elder_id])


async def _decide(
    session: Session, elder: Elder, results: Sequence[Result], known: Sequence[Entitlement]
) -> None:
    today = local_day(session.now)
    facts = policies.facts_on(elder, results, today)
    for policy_code in policies.codes():
        own = [entitlement for entitlement in known if entitlement.policy_code == policy_code]
        await _decide_policy(session, elder, facts, policy_code, own)
    if facts.status == Status.DEAD and facts.died_on:
        await open_after_death(session, elder.elder_id, facts.died_on)
    if facts.status == Status.ALIVE:
        _review_on(session, elder, next_change(approved_levels(results), today))


def _review_on(session: Session, elder: Elder, day: date | None) -> None:
    if day is not None:
        set_timer(session, day_start(day), REVIEW, str(elder.elder_id))


async def _decide_policy(
    session: Session,
    elder: Elder,
    facts: Facts,
    policy_code: str,
    known: Sequence[Entitlement],
) -> None:
    """Compares what a policy gives with what is open, and opens, changes or closes the difference.

    known: the elder's entitlements to this policy.
    """
    terms, verdict = policies.verdict_on(policy_code, facts)
    current = next((one for one in known if one.state == State.OPEN), None)
    if current is None:
        # who did not want it is not given it again without asking for it
        refused = any(one.state == State.REFUSED and one.reapplied_at is None for one in known)
        if terms and verdict.entitled and not refused:
            await _open(session, elder, terms, facts, verdict, earlier=known)
    elif not verdict.entitled:
        await _close(session, current, facts, verdict)
    elif terms and _differs(current, elder, terms, facts, verdict):
        _change(session, current, elder, terms, facts, verdict)


async def _open(
    session: Session,
    elder: Elder,
    terms: Terms,
    facts: Facts,
    verdict: Verdict,
    *,
    earlier: Sequence[Entitlement],
) -> None:
    ends = [entitlement.valid_to for entitlement in earlier if entitlement.valid_to]
    entitlement = Entitlement(
        entitlement_id=ids.new(),
        elder_id=elder.elder_id,
        area_code=elder.area_code,
        policy_code=terms.policy_code,
        policy_version=terms.policy_version,
        kind=terms.kind,
        level=facts.level,
        monthly_fen=verdict.monthly_fen,
        valid_from=max([facts.on, *ends]),
        opened_at=session.now,
    )
    session.add(entitlement)
    emit(session, wire.message(EntitlementOpened, entitlement), entitlement)
    _freeze(session, entitlement, facts, verdict)
    if entitlement.kind != Kind.VOUCHER:
        return
    if earlier:
        await issue_again(session, _grant(entitlement))
    else:
        issue(session, _grant(entitlement))


def _grant(entitlement: Entitlement) -> Grant:
    return Grant(
        entitlement_id=entitlement.entitlement_id,
        elder_id=entitlement.elder_id,
        area_code=entitlement.area_code,
        policy_code=entitlement.policy_code,
        policy_version=entitlement.policy_version,
        issued_fen=entitlement.monthly_fen,
    )


def _differs(
    entitlement: Entitlement, elder: Elder, terms: Terms, facts: Facts, verdict: Verdict
) -> bool:
    wanted = (elder.area_code, terms.policy_version, facts.level, verdict.monthly_fen)
    return wanted != (
        entitlement.area_code,
        entitlement.policy_version,
        entitlement.level,
        entitlement.monthly_fen,
    )


def _change(
    session: Session,
    entitlement: Entitlement,
    elder: Elder,
    terms: Terms,
    facts: Facts,
    verdict: Verdict,
) -> None:
    entitlement.area_code = elder.area_code
    entitlement.policy_version = terms.policy_version
    entitlement.level = facts.level
    entitlement.monthly_fen = verdict.monthly_fen
    event = wire.message(EntitlementChanged, entitlement, changed_at=session.now)
    emit(session, event, entitlement)
    _freeze(session, entitlement, facts, verdict)


async def _close(
    session: Session, entitlement: Entitlement, facts: Facts, verdict: Verdict
) -> None:
    cause = verdict.cause or Cause.POLICY_ENDED
    closed_on = facts.died_on if cause == Cause.DEATH and facts.died_on else facts.on
    entitlement.state = State.CLOSED
    # a death before the beginning leaves an entitlement of no day
    entitlement.valid_to = max(closed_on, entitlement.valid_from)
    entitlement.cause = cause
    event = wire.message(EntitlementClosed, entitlement, closed_on=closed_on, closed_at=session.now)
    emit(session, event, entitlement)
    _freeze(session, entitlement, facts, verdict)
    if cause in (Cause.DEATH, Cause.MOVED_OUT):
        await end(session, entitlement.entitlement_id)
    else:
        await end(session, entitlement.entitlement_id, later_than=month_of(facts.on))


def _freeze(session: Session, entitlement: Entitlement, facts: Facts, verdict: Verdict) -> None:
    session.add(
        Decision(
            entitlement_id=entitlement.entitlement_id,
            version=entitlement.version,
            decided_at=session.now,
            policy_code=entitlement.policy_code,
            policy_version=entitlement.policy_version,
            monthly_fen=entitlement.monthly_fen,
            facts={
                "on": facts.on.isoformat(),
                "status": facts.status.name,
                "area_code": facts.area_code,
                "hardships": sorted(facts.hardships),
                "level": facts.level,
                "died_on": facts.died_on.isoformat() if facts.died_on else None,
            },
            steps=[asdict(step) for step in verdict.steps],
        )
    )
