"""The dated versions of policies as `standards/` gives them, and their publication."""

from collections.abc import Sequence
from datetime import date
from functools import cache
from uuid import NAMESPACE_URL, UUID, uuid5

from eldercare.subsidy.v1 import events_pb2 as said
from eldercare.subsidy.v1.events_pb2 import PolicyPublished
from sqlmodel import col, select

from kit.contracts import money, wire
from kit.contracts.clock import day_start
from kit.contracts.standards import Standards, load
from kit.db.store import Session
from kit.messaging.outbox import emit
from kit.runtime.timers import set_timer
from subsidy.rules.eligibility import Terms
from subsidy.rules.kinds import Hardship, Kind
from subsidy.tables import Policy

OTHER_FILES = frozenset({"payment"})


@cache
def standards() -> Standards:
    """All numbers of this service, read once."""
    return load("subsidy")


@cache
def codes() -> Sequence[str]:
    """The policies that are known: one standards file each, its name is the code."""
    return sorted({standard.path.partition(".")[0] for standard in standards()} - OTHER_FILES)


@cache
def versions(policy_code: str) -> Sequence[date]:
    """First days of the versions of a policy, oldest first: each day on which one of its numbers
    changes.
    """
    mine = [standard for standard in standards() if standard.path.startswith(f"{policy_code}.")]
    return sorted({first for standard in mine for first, _ in standard.values})


@cache
def terms(policy_code: str, policy_version: date) -> Terms:
    """One version of a policy."""
    paths = {
        standard.path.partition(".")[2]: standard
        for standard in standards()
        if standard.path.startswith(f"{policy_code}.")
    }
    values = {key: standard.on(policy_version) for key, standard in paths.items()}
    return Terms(
        policy_code=policy_code,
        policy_version=policy_version,
        kind=Kind[values["kind"]],
        area_code=values["area"],
        monthly_cap_fen=money.fen(values["cap"]),
        least_level=values["least_level"],
        hardships=frozenset(Hardship[name] for name in values["hardships"]),
        excluded=frozenset(Hardship[name] for name in values["excluded"]),
        tiers={level: money.fen(amount) for level, amount in values["tiers"].items()},
        home_share=values.get("home_share"),
        institution_share=values.get("institution_share"),
        sources={
            key: f"{standard.source}, {standard.clause} ({standard.confidence})"
            for key, standard in paths.items()
        },
    )


def terms_on(policy_code: str, day: date) -> Terms | None:
    """The version in force on a day; None before the first and from the day on that sets the cap to
    0.
    """
    begun = [first for first in versions(policy_code) if first <= day]
    found = terms(policy_code, begun[-1]) if begun else None
    return found if found and found.monthly_cap_fen else None


def policy_id(policy_code: str, policy_version: date) -> UUID:
    """The id of a version, the same in every deployment."""
    return uuid5(NAMESPACE_URL, f"eldercare/policy/{policy_code}/{policy_version}")


async def publish(session: Session) -> int:
    """Says each version that was never said or says something else now; returns how many.

    On the first day of a new version the entitlements of everybody are looked at again.
    """
    # replicas begin at the same time, and a row that is not there yet cannot be locked
    await (await session.driver()).execute(
        "select pg_advisory_xact_lock(hashtextextended('subsidy/policies', 0))"
    )
    rows = (
        await session.exec(select(Policy).order_by(col(Policy.policy_id)).with_for_update())
    ).all()
    kept = {policy.policy_id: policy for policy in rows}
    published = 0
    for policy_code in codes():
        for first in versions(policy_code):
            wanted = _policy(terms(policy_code, first))
            policy = kept.get(wanted.policy_id)
            if policy and policy.model_dump(exclude={"version"}) == wanted.model_dump(
                exclude={"version"}
            ):
                continue
            if policy is None:
                session.add(policy := wanted)
            else:
                policy.sqlmodel_update(wanted.model_dump(exclude={"version"}))
            emit(session, published_event(policy), policy)
            published += 1
            set_timer(
                session,
                max(day_start(first), session.now),
                "policy-review",
                f"{policy_code}/{first}/{policy.version}",
            )
    return published


def published_event(policy: Policy) -> PolicyPublished:
    """The event that tells all of a version."""
    return PolicyPublished(policy=wire.message(said.Policy, policy))


def _policy(found: Terms) -> Policy:
    code, first = found.policy_code, found.policy_version
    return Policy(
        policy_id=policy_id(code, first),
        policy_code=code,
        policy_version=first,
        kind=found.kind,
        area_code=found.area_code,
        name_zh=standards().value(f"{code}.name_zh", first),
        name_en=standards().value(f"{code}.name_en", first),
        monthly_cap_fen=found.monthly_cap_fen,
        home_share=found.home_share,
        institution_share=found.institution_share,
        least_level=found.least_level,
        source=standards().standard(f"{code}.cap").source,
    )
