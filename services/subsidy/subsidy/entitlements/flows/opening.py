"""Opens, changes, suspends and ends an elder's entitlements to one policy, as its ground holds."""

from dataclasses import asdict
from datetime import date, timedelta

from eldercare.subsidy.v1.events_pb2 import (
    EntitlementChanged,
    EntitlementClosed,
    EntitlementOpened,
    EntitlementResumed,
    EntitlementSuspended,
)

from kit.contracts import ids, wire
from kit.contracts.clock import local_day
from kit.db.store import Session
from kit.messaging.outbox import emit
from subsidy.entitlements.flows.courses import Course
from subsidy.entitlements.rules import Interval, State
from subsidy.entitlements.tables import Decision, Entitlement
from subsidy.policies.rules import Cause
from subsidy.replicas.rules import pending_since
from subsidy.replicas.tables import Elder

LASTING = (State.OPEN, State.SUSPENDED)


async def line_up(session: Session, elder: Elder, course: Course, known: list[Entitlement]) -> None:
    """Compares the days on which the ground holds with the elder's entitlements to the policy, and
    opens, changes, suspends or ends the difference; what is opened is added to them.

    known: oldest first.
    """
    wanted = _wanted(course.intervals(_today(session, course)), known)
    current = next((one for one in known if one.state in LASTING), None)
    if current is not None:
        _carry_on(session, elder, course, current, wanted, known)
        if current.state == State.CLOSED:
            # before another one begins: two of one day break a constraint
            await session.flush()
    if any(one.state == State.REFUSED and one.reapplied_at is None for one in known):
        # who did not want it is not given it again without asking for it
        return
    for interval in wanted:
        _open(session, elder, course, interval, known)
    known.sort(key=lambda one: (one.valid_from, one.entitlement_id))


def _wanted(held: list[Interval], known: list[Entitlement]) -> list[Interval]:
    """The days on which the ground holds since the elder has last applied again."""
    again = [local_day(one.reapplied_at) for one in known if one.reapplied_at]
    since = max(again, default=date.min)
    return [
        Interval(max(one.since, since), one.until)
        for one in held
        if one.until is None or one.until > since
    ]


def _carry_on(
    session: Session,
    elder: Elder,
    course: Course,
    current: Entitlement,
    wanted: list[Interval],
    known: list[Entitlement],
) -> None:
    """What becomes of an entitlement that has no end."""
    own = next((one for one in wanted if one.holds_on(current.valid_from)), None)
    if own is None or own.until is not None:
        ended_on = own.until if own and own.until else current.valid_from
        if not _suspend(session, course, current, ended_on):
            _close(session, course, current, ended_on)
        return
    _resume(session, course, current)
    before = [one.valid_to for one in known if one is not current and one.valid_to]
    since = max([own.since, *(day for day in before if day <= current.valid_from)])
    facts, terms, verdict = course.on(_today(session, course))
    if terms is None:
        return
    fresh = {
        "area_code": elder.area_code,
        "policy_version": terms.policy_version,
        "level": facts.level,
        "monthly_fen": verdict.monthly_fen,
        "valid_from": min(since, current.valid_from),
    }
    if all(getattr(current, name) == value for name, value in fresh.items()):
        return
    current.sqlmodel_update(fresh)
    event = wire.message(EntitlementChanged, current, changed_at=session.now)
    emit(session, event, current)
    _freeze(session, course, current, _today(session, course))


def _suspend(session: Session, course: Course, current: Entitlement, ended_on: date) -> bool:
    """Whether the bureau still owes the elder a new level, asked for before the last one ended:
    then the entitlement rests until that is decided, and what is missed will be paid.
    """
    today = _today(session, course)
    lost_level = course.on(today)[2].cause is Cause.LEVEL
    if not lost_level or pending_since(course.history, today) != ended_on:
        return False
    if current.state != State.SUSPENDED:
        current.state = State.SUSPENDED
        event = wire.message(
            EntitlementSuspended, current, suspended_on=ended_on, suspended_at=session.now
        )
        emit(session, event, current)
        _freeze(session, course, current, today)
    return True


def _resume(session: Session, course: Course, current: Entitlement) -> None:
    if current.state != State.SUSPENDED:
        return
    current.state = State.OPEN
    emit(session, wire.message(EntitlementResumed, current, resumed_at=session.now), current)
    _freeze(session, course, current, _today(session, course))


def _open(
    session: Session,
    elder: Elder,
    course: Course,
    interval: Interval,
    known: list[Entitlement],
) -> None:
    """Opens what no entitlement covers; what is over already is opened and ended at once."""
    since = interval.since
    for one in known:
        begins_before = interval.until is None or one.valid_from < interval.until
        if begins_before and (one.valid_to is None or one.valid_to > since):
            since = one.valid_to or date.max
    if since == date.max or _is_covered(course, interval, since):
        return
    day = since if interval.until is not None else _today(session, course)
    facts, terms, verdict = course.on(day)
    if terms is None:
        return
    entitlement = Entitlement(
        entitlement_id=ids.new(),
        elder_id=elder.elder_id,
        area_code=facts.area_code,
        policy_code=terms.policy_code,
        policy_version=terms.policy_version,
        kind=terms.kind,
        level=facts.level,
        monthly_fen=verdict.monthly_fen,
        valid_from=since,
        opened_at=session.now,
    )
    session.add(entitlement)
    known.append(entitlement)
    emit(session, wire.message(EntitlementOpened, entitlement), entitlement)
    _freeze(session, course, entitlement, day)
    if interval.until is not None:
        _close(session, course, entitlement, interval.until)


def _is_covered(course: Course, interval: Interval, since: date) -> bool:
    """Whether nothing is left to open from a day on. An entitlement ends with the day of death, on
    which the ground still holds.
    """
    if interval.until is None or since == interval.since:
        return False
    facts, _, _ = course.on(interval.until)
    is_death = facts.died_on == interval.until - timedelta(days=1)
    return since >= (interval.until - timedelta(days=1) if is_death else interval.until)


def _close(session: Session, course: Course, entitlement: Entitlement, ended_on: date) -> None:
    """ended_on: the first day on which the ground did not hold."""
    facts, _, verdict = course.on(ended_on)
    cause = verdict.cause or Cause.POLICY_ENDED
    closed_on = facts.died_on if cause == Cause.DEATH and facts.died_on else ended_on
    entitlement.state = State.CLOSED
    # a death before the beginning leaves an entitlement of no day
    entitlement.valid_to = max(closed_on, entitlement.valid_from)
    entitlement.cause = cause
    event = wire.message(EntitlementClosed, entitlement, closed_on=closed_on, closed_at=session.now)
    emit(session, event, entitlement)
    _freeze(session, course, entitlement, ended_on)


def _today(session: Session, course: Course) -> date:
    return course.present(local_day(session.now))


def _freeze(session: Session, course: Course, entitlement: Entitlement, day: date) -> None:
    facts, _, verdict = course.on(day)
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
                "age": facts.age,
                "died_on": facts.died_on.isoformat() if facts.died_on else None,
            },
            steps=[asdict(step) for step in verdict.steps],
        )
    )
