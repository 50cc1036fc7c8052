"""The dated versions of policies as `standards/` gives them, what they give an elder on a day, and
their publication.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from functools import cache
from typing import Annotated
from uuid import NAMESPACE_URL, UUID, uuid5

from eldercare.subsidy.v1 import events_pb2 as events
from eldercare.subsidy.v1.events_pb2 import PolicyPublished
from sqlmodel import col, select

from kit.contracts import areas, money, numbers, standards, wire
from kit.contracts.clock import day_start
from kit.contracts.decoding import by_name
from kit.contracts.standard import Standard
from kit.contracts.standards import Standards
from kit.db.store import Session
from kit.messaging.outbox import emit
from kit.runtime.timers import set_timer
from subsidy.policies import rules
from subsidy.policies.rules import Cause, Facts, Kind, MonthDue, Span, Step, Terms, Verdict
from subsidy.policies.tables import Policy
from subsidy.replicas.rules import Hardship, History

NamedHardship = Annotated[Hardship, by_name(Hardship)]
REVIEW = "policy-review"  # timer: a version of a policy begins


@dataclass(frozen=True)
class _Numbers:
    """The numbers of a policy as its standards file has them. cap, tiers, age_tiers: yuan a
    period.
    """

    kind: Annotated[Kind, by_name(Kind)]
    name_zh: str
    name_en: str
    area: str
    hardships: frozenset[NamedHardship]
    excluded: frozenset[NamedHardship]
    cap: Decimal
    tiers: dict[int, Decimal]
    least_level: int | None = None
    age_tiers: dict[int, Decimal] | None = None
    period: Annotated[Span, by_name(Span)] = Span.MONTH
    month_due: Annotated[MonthDue, by_name(MonthDue)] = MonthDue.ANY_DAY
    home_share: float | None = None
    institution_share: float | None = None


@cache
def _known() -> Standards:
    """All numbers of this service: which policies and versions there are is listed from them."""
    return standards.load("subsidy")


@cache
def _numbers(policy_code: str) -> Callable[[date], _Numbers]:
    return standards.read("subsidy", _Numbers, file=policy_code)


@cache
def codes() -> Sequence[str]:
    """The policies that are known: each standards file that says how money reaches the person
    (`kind`) is one, and its name is the code.
    """
    found = (standard.path.partition(".") for standard in _known())
    return sorted(code for code, _, name in found if name == "kind")


def concerning(history: History) -> list[str]:
    """The policies of the areas in which an elder lives or has lived."""
    return [code for code in codes() if _reaches(code, history)]


def _reaches(policy_code: str, history: History) -> bool:
    return any(
        areas.is_in(one.area_code, area_code)
        for area_code in {terms(policy_code, first).area_code for first in versions(policy_code)}
        for one in history.residences
    )


@cache
def versions(policy_code: str) -> Sequence[date]:
    """First days of the versions of a policy, oldest first: each day on which one of its numbers
    changes.
    """
    known = _standards(policy_code).values()
    return sorted({first for number in known for first, _ in number.values})


@cache
def terms(policy_code: str, policy_version: date) -> Terms:
    """One version of a policy."""
    found = _numbers(policy_code)(policy_version)
    return Terms(
        policy_code=policy_code,
        policy_version=policy_version,
        kind=found.kind,
        area_code=found.area,
        monthly_cap_fen=money.fen(found.cap),
        least_level=found.least_level,
        hardships=found.hardships,
        excluded=found.excluded,
        tiers={level: money.fen(amount) for level, amount in found.tiers.items()},
        age_tiers={age: money.fen(amount) for age, amount in (found.age_tiers or {}).items()},
        period=found.period,
        month_due=found.month_due,
        home_share=found.home_share,
        institution_share=found.institution_share,
        sources={name: _source(number) for name, number in _standards(policy_code).items()},
    )


def forget() -> None:
    """Reads the standards anew at the next question."""
    for known in (_known, _numbers, codes, versions, terms):
        known.cache_clear()


def _standards(policy_code: str) -> dict[str, Standard]:
    found = {}
    for standard in _known():
        code, _, name = standard.path.partition(".")
        if code == policy_code:
            found[name] = standard
    return found


def _source(number: Standard) -> str:
    return f"{number.source}, {number.clause} ({number.confidence})"


def terms_on(policy_code: str, day: date) -> Terms | None:
    """The version in force on a day; None before the first and from the day on that sets the cap to
    0.
    """
    begun = [first for first in versions(policy_code) if first <= day]
    if not begun:
        return None
    found = terms(policy_code, begun[-1])
    return found if found.monthly_cap_fen else None


def facts_on(history: History, day: date) -> Facts:
    """What policies ask about an elder, as it was on a day."""
    return Facts(
        on=day,
        status=history.status_on(day),
        area_code=history.residence_on(day).area_code,
        hardships=history.hardships_on(day),
        level=history.level_on(day),
        age=None if history.born_on is None else numbers.age_on(history.born_on, day),
        died_on=history.died_on,
    )


def edges(policy_code: str, history: History) -> list[date]:
    """The days on which what a policy gives an elder may become another, oldest first; before the
    first one it gives nothing.
    """
    begun = versions(policy_code)
    found = {*begun, *history.edges(), *_birthdays(policy_code, history)}
    return sorted(day for day in found if day >= begun[0])


def next_change(history: History, day: date) -> date | None:
    """The first day after this one on which something known of an elder by now becomes another; a
    version of a policy has a review of its own.
    """
    found = history.edges().union(*(_birthdays(code, history) for code in concerning(history)))
    return min((edge for edge in found if edge > day), default=None)


def _birthdays(policy_code: str, history: History) -> set[date]:
    if history.born_on is None or not _reaches(policy_code, history):
        return set()
    ages = {age for first in versions(policy_code) for age in terms(policy_code, first).age_tiers}
    return {rules.birthday(history.born_on, age) for age in ages}


def verdict_on(
    policy_code: str, facts: Facts, *, at: date | None = None
) -> tuple[Terms | None, Verdict]:
    """The version of a policy on the day of the facts, or on another one, None where it has not
    begun or has ended, and what it gives.
    """
    found = terms_on(policy_code, at or facts.on)
    if found is None:
        step = Step("the policy is in force", "it has ended", False, policy_code)
        return None, Verdict(False, 0, Cause.POLICY_ENDED, (step,))
    inside = areas.is_in(facts.area_code, found.area_code)
    return found, rules.verdict(found, facts, inside=inside)


def policy_id(policy_code: str, policy_version: date) -> UUID:
    """The id of a version, the same in every deployment."""
    return uuid5(NAMESPACE_URL, f"eldercare/policy/{policy_code}/{policy_version}")


async def publish(session: Session) -> int:
    """Publishes each version that is new or differs from what was published; returns how many.

    On the first day of a new version the entitlements of everybody are reviewed.
    """
    # replicas begin at the same time, and a row that is not there yet cannot be locked
    driver = await session.driver()
    await driver.execute("select pg_advisory_xact_lock(hashtextextended('subsidy/policies', 0))")
    stored = select(Policy).order_by(col(Policy.policy_id)).with_for_update()
    known = {policy.policy_id: policy for policy in (await session.exec(stored)).all()}
    published = 0
    for policy_code in codes():
        for first in versions(policy_code):
            wanted = _policy(terms(policy_code, first))
            policy = known.get(wanted.policy_id)
            if policy and _content(policy) == _content(wanted):
                continue
            if policy is None:
                policy = wanted
                session.add(policy)
            else:
                policy.sqlmodel_update(_content(wanted))
            emit(session, published_event(policy), policy)
            published += 1
            begins_at = max(day_start(first), session.now)
            set_timer(session, begins_at, REVIEW, f"{policy_code}/{first}/{policy.version}")
    return published


def published_event(policy: Policy) -> PolicyPublished:
    """The event that carries the full state of a version."""
    return PolicyPublished(policy=wire.message(events.Policy, policy))


def _content(policy: Policy) -> dict[str, object]:
    return policy.model_dump(exclude={"version"})


def _policy(found: Terms) -> Policy:
    code = found.policy_code
    first = found.policy_version
    wording = _numbers(code)(first)
    return Policy(
        policy_id=policy_id(code, first),
        policy_code=code,
        policy_version=first,
        kind=found.kind,
        area_code=found.area_code,
        name_zh=wording.name_zh,
        name_en=wording.name_en,
        monthly_cap_fen=found.monthly_cap_fen,
        home_share=found.home_share,
        institution_share=found.institution_share,
        least_level=found.least_level,
        least_age=min(found.age_tiers, default=None),
        period=found.period,
        source=_known().standard(f"{code}.cap").source,
    )
