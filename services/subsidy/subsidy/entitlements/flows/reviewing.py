"""Opens, changes and ends entitlements by facts alone, without application (免申即享)."""

from collections import defaultdict
from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import func
from sqlmodel import col, select

from kit.contracts.clock import day_start, local_day
from kit.db.store import Session
from kit.runtime.timers import set_timer
from subsidy.entitlements.flows.courses import Beneficiary, Course
from subsidy.entitlements.flows.granting import bring_in_line
from subsidy.entitlements.flows.opening import line_up
from subsidy.entitlements.tables import Case, Entitlement
from subsidy.policies import flows as policies
from subsidy.recoveries.flows.deaths import take_back_visits
from subsidy.replicas.flows import histories
from subsidy.replicas.rules import History, Status
from subsidy.replicas.tables import Elder

REVIEW = "entitlement-review"  # timer: a day on which something known of an elder changes


async def review_elder(session: Session, elder_id: UUID) -> None:
    """Decides again about an elder because a day came on which something
    known changes, a level or an age."""
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
    """Brings the entitlements of these elders, and what they were given, in line with what is known
    on this day; doing it twice changes nothing.
    """
    # whose death is reported waits for an official, and so does what is given
    elders = [elder for elder in elders if elder.reported_died_on is None]
    if not elders:
        return
    within = [elder.elder_id for elder in elders]
    given = (
        select(Entitlement)
        .where(col(Entitlement.elder_id) == func.any(within))
        .order_by(col(Entitlement.valid_from), col(Entitlement.entitlement_id))
        .with_for_update()
    )
    known = await histories(session, elders)
    own: defaultdict[tuple[UUID, str], list[Entitlement]] = defaultdict(list)
    for entitlement in (await session.exec(given)).all():
        own[entitlement.elder_id, entitlement.policy_code].append(entitlement)
    found = []
    for elder in elders:
        history = known[elder.elder_id]
        concerning = policies.concerning(history)
        for policy_code in policies.codes():
            entitlements = own[elder.elder_id, policy_code]
            if policy_code not in concerning and not entitlements:
                continue
            course = Course(policy_code, history)
            await line_up(session, elder, course, entitlements)
            if entitlements:
                found.append(Beneficiary(elder, course, entitlements))
        await _after(session, elder, history, is_concerned=bool(history.levels or history.periods))
    await session.flush()
    await bring_in_line(session, found)


async def _after(session: Session, elder: Elder, history: History, *, is_concerned: bool) -> None:
    if elder.died_on is not None:
        await take_back_visits(session, elder.elder_id, elder.died_on)
        return
    today = local_day(session.now)
    concerning = policies.concerning(history)
    if is_concerned or any(Course(code, history).holds(today) for code in concerning):
        await keep_case(session, elder.elder_id)
    day = policies.next_change(history, today)
    if day is not None and elder.status == Status.ALIVE:
        set_timer(session, day_start(day), REVIEW, str(elder.elder_id))


async def keep_case(session: Session, elder_id: UUID) -> None:
    """Notes that there is something to decide about an elder, once."""
    if await session.get(Case, elder_id) is None:
        session.add(Case(elder_id=elder_id, opened_at=session.now))
