"""Opens, changes and ends entitlements by facts alone, without application (免申即享)."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import TypeVar
from uuid import UUID

from eldercare.assessment.v1 import events_pb2 as assessment
from eldercare.subsidy.v1.api_pb2 import RefuseEntitlement
from eldercare.subsidy.v1.events_pb2 import (
    EntitlementChanged,
    EntitlementClosed,
    EntitlementOpened,
    EntitlementRefused,
)
from sqlalchemy import func
from sqlmodel import col, select

from kit.contracts import ids, wire
from kit.contracts.clock import day_start, local_day
from kit.db.store import Session
from kit.messaging.outbox import emit
from kit.messaging.subscriptions import replicate
from kit.rpc.methods import Call
from kit.runtime.timers import set_timer
from subsidy.errors import EntitlementNotOpen
from subsidy.flows import eligibility, issuing, policies, recoveries, vouchers
from subsidy.rules import calendar
from subsidy.rules.eligibility import Facts, Terms, Verdict, next_change
from subsidy.rules.kinds import Cause, Kind, State, Status
from subsidy.tables import Case, Decision, Elder, Entitlement, Result

REVIEW = "entitlement-review"  # timer: a day on which an elder's level begins or ends

Owned = TypeVar("Owned", Result, Entitlement)


async def approve(session: Session, events: Sequence[assessment.AssessmentApproved]) -> None:
    """Learns approved levels and decides again about their elders, each once."""
    elders: dict[UUID, Elder] = {}
    for event in events:
        elder_id = UUID(event.elder_id)
        if await session.get(Result, UUID(event.assessment_id)):
            continue
        session.add(wire.row(Result, event))
        if elder_id not in elders and await session.get(Case, elder_id) is None:
            session.add(wire.row(Case, event, opened_at=session.now))
        elders[elder_id] = await session.get_locked(Elder, elder_id)
    # one lock order for all who decide about several
    await review(session, sorted(elders.values(), key=lambda elder: elder.elder_id))


async def replicate_elder(session: Session, state: assessment.Elder) -> None:
    """Keeps an elder's state, and decides again where what policies ask for changed; without any
    level there is nothing to decide.
    """
    known = await session.get(Elder, UUID(state.elder_id))
    before = known and _asked(known)
    elder = await replicate(session, state, Elder)
    if before != _asked(elder) and await session.get(Case, elder.elder_id):
        await review(session, [elder])


def _asked(elder: Elder) -> tuple[object, ...]:
    return elder.area_code, sorted(elder.hardships), elder.status, elder.died_on


async def review_later(session: Session, elder_id: UUID) -> None:
    """Decides again about an elder because a day came on which a level begins or ends."""
    await review(session, [await session.get_locked(Elder, elder_id)])


async def review_many(session: Session, after: UUID | None, most: int) -> list[UUID]:
    """Decides again about the next elders in the order of their ids, and returns their ids; fewer
    than `most`: there are no more.
    """
    asked = (
        select(Elder)
        .join(Case, col(Case.elder_id) == col(Elder.elder_id))
        .order_by(col(Elder.elder_id))
        .limit(most)
    )
    if after is not None:
        asked = asked.where(col(Elder.elder_id) > after)
    elders = (await session.exec(asked.with_for_update(of=Elder))).all()
    await review(session, elders)
    return [elder.elder_id for elder in elders]


async def review(session: Session, elders: Sequence[Elder]) -> None:
    """Brings the entitlements of these elders in line with what is known on this day; doing it
    twice changes nothing.
    """
    if not elders:
        return
    within = [elder.elder_id for elder in elders]
    results = _by_elder(
        (await session.exec(select(Result).where(col(Result.elder_id) == func.any(within)))).all()
    )
    asked = (
        select(Entitlement)
        .where(col(Entitlement.elder_id) == func.any(within))
        .order_by(col(Entitlement.entitlement_id))
    )
    known = _by_elder((await session.exec(asked.with_for_update())).all())
    for elder in elders:
        await decide(session, elder, results[elder.elder_id], known[elder.elder_id])


def _by_elder(rows: Sequence[Owned]) -> Mapping[UUID, list[Owned]]:
    found: defaultdict[UUID, list[Owned]] = defaultdict(list)
    for row in rows:
        found[row.elder_id].append(row)
    return found


async def decide(
    session: Session, elder: Elder, results: Sequence[Result], known: Sequence[Entitlement]
) -> None:
    """Compares what each policy gives with what is open, and opens, changes or closes the
    difference.
    """
    today = local_day(session.now)
    facts = eligibility.facts_on(elder, results, today)
    for policy_code in policies.codes():
        terms, verdict = eligibility.verdict_on(policy_code, facts)
        mine = [one for one in known if one.policy_code == policy_code]
        opened = next((one for one in mine if one.state == State.OPEN), None)
        if opened is None:
            # somebody who did not want it once is not asked again
            if terms and verdict.entitled and not any(one.state == State.REFUSED for one in mine):
                await _open(session, elder, terms, facts, verdict, after=mine)
        elif not verdict.entitled:
            await _close(session, opened, facts, verdict)
        elif terms and _differs(opened, elder, terms, facts, verdict):
            _change(session, opened, elder, terms, facts, verdict)
    if facts.status == Status.DEAD and facts.died_on:
        await recoveries.open_after_death(session, elder.elder_id, facts.died_on)
    if (
        later := next_change(eligibility.levels_of(results), today)
    ) and facts.status == Status.ALIVE:
        set_timer(session, day_start(later), REVIEW, str(elder.elder_id))


async def _open(
    session: Session,
    elder: Elder,
    terms: Terms,
    facts: Facts,
    verdict: Verdict,
    *,
    after: Sequence[Entitlement],
) -> None:
    begin = max([facts.on, *(one.valid_to for one in after if one.valid_to)])
    entitlement = Entitlement.model_validate(
        asdict(terms)
        | {
            "entitlement_id": ids.new(),
            "elder_id": elder.elder_id,
            "area_code": elder.area_code,
            "level": facts.level,
            "monthly_fen": verdict.monthly_fen,
            "valid_from": begin,
            "opened_at": session.now,
        }
    )
    session.add(entitlement)
    emit(session, wire.message(EntitlementOpened, entitlement), entitlement)
    _freeze(session, entitlement, facts, verdict)
    if entitlement.kind == Kind.VOUCHER and after:
        await issuing.issue_again(session, entitlement)
    elif entitlement.kind == Kind.VOUCHER:
        issuing.issue(session, entitlement)


def _differs(
    entitlement: Entitlement, elder: Elder, terms: Terms, facts: Facts, verdict: Verdict
) -> bool:
    now = (elder.area_code, terms.policy_version, facts.level, verdict.monthly_fen)
    return now != (
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
    entitlement.area_code, entitlement.policy_version = elder.area_code, terms.policy_version
    entitlement.level, entitlement.monthly_fen = facts.level, verdict.monthly_fen
    emit(
        session, wire.message(EntitlementChanged, entitlement, changed_at=session.now), entitlement
    )
    _freeze(session, entitlement, facts, verdict)


async def _close(
    session: Session, entitlement: Entitlement, facts: Facts, verdict: Verdict
) -> None:
    cause = verdict.cause or Cause.POLICY_ENDED
    closed_on = facts.died_on if cause == Cause.DEATH and facts.died_on else facts.on
    # a death before the beginning leaves an entitlement of no day
    entitlement.state, entitlement.valid_to, entitlement.cause = (
        State.CLOSED,
        max(closed_on, entitlement.valid_from),
        cause,
    )
    emit(
        session,
        wire.message(EntitlementClosed, entitlement, closed_on=closed_on, closed_at=session.now),
        entitlement,
    )
    _freeze(session, entitlement, facts, verdict)
    if cause in (Cause.DEATH, Cause.MOVED_OUT):
        await vouchers.end(session, entitlement.entitlement_id)
    else:
        await vouchers.end(
            session, entitlement.entitlement_id, later_than=calendar.month_of(facts.on)
        )


async def refuse(session: Session, command: RefuseEntitlement, call: Call) -> EntitlementRefused:
    """Ends an entitlement that the elder does not want; what is free of its voucher is gone, what
    is held stays.

    Raises: NotFound, EntitlementNotOpen.
    """
    entitlement = await session.get_locked(Entitlement, UUID(command.entitlement_id), call.caller)
    if entitlement.state != State.OPEN:
        raise EntitlementNotOpen(
            entitlement_id=entitlement.entitlement_id, state=entitlement.state.name.lower()
        )
    entitlement.state = State.REFUSED
    entitlement.valid_to = max(local_day(session.now), entitlement.valid_from)
    event = emit(
        session, wire.message(EntitlementRefused, entitlement, refused_at=session.now), entitlement
    )
    await vouchers.end(session, entitlement.entitlement_id)
    return event


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
