"""Who is entitled to which subsidy and how much of it, condition by condition. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime

from subsidy.rules.kinds import Cause, Hardship, Kind, Status


@dataclass(frozen=True, slots=True)
class Terms:
    """One dated version of a policy.

    hardships: one of them is needed; empty: none is. excluded: any of them forbids it. tiers: fen a
    month by level; empty: the cap. sources: where each number stands, by its name.
    """

    policy_code: str
    policy_version: date
    kind: Kind
    area_code: str
    monthly_cap_fen: int
    least_level: int
    hardships: frozenset[int]
    excluded: frozenset[int]
    tiers: Mapping[int, int]
    home_share: float | None
    institution_share: float | None
    sources: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Facts:
    """What is known about an elder on a day. level: of the result in force on that day, else None."""

    on: date
    status: Status
    area_code: str
    hardships: frozenset[int]
    level: int | None
    died_on: date | None = None


@dataclass(frozen=True, slots=True)
class Step:
    """One condition: what was asked, what was known, whether it holds, and where the condition
    stands.
    """

    rule: str
    fact: str
    holds: bool
    source: str


@dataclass(frozen=True, slots=True)
class Verdict:
    """Whether a policy is due to somebody. cause: of the first condition that fails; absent where
    entitled.
    """

    entitled: bool
    monthly_fen: int
    cause: Cause | None
    steps: tuple[Step, ...]


@dataclass(frozen=True, slots=True)
class Result:
    """An approved level and the days it holds: [valid_from, valid_to)."""

    level: int
    valid_from: date
    valid_to: date
    approved_at: datetime


def level_on(results: list[Result], day: date) -> int | None:
    """The level in force on a day: of the results that hold then, the one approved last; None where
    none holds.

    >>> first = Result(3, date(2026, 1, 1), date(2026, 7, 1), datetime(2026, 1, 1))
    >>> second = Result(1, date(2026, 3, 1), date(2026, 9, 1), datetime(2026, 3, 1))
    >>> [level_on([second, first], day) for day in (date(2025, 12, 31), date(2026, 2, 1), date(2026, 3, 1), date(2026, 9, 1))]
    [None, 3, 1, None]
    """
    holding = [result for result in results if result.valid_from <= day < result.valid_to]
    return max(holding, key=lambda result: result.approved_at).level if holding else None


def next_change(results: list[Result], day: date) -> date | None:
    """The first day after this one on which the level in force may be another.

    >>> next_change([Result(3, date(2026, 1, 1), date(2026, 7, 1), datetime(2026, 1, 1))], date(2026, 2, 1))
    datetime.date(2026, 7, 1)
    """
    return min(
        (edge for result in results for edge in (result.valid_from, result.valid_to) if edge > day),
        default=None,
    )


def verdict(terms: Terms, facts: Facts, *, inside: bool) -> Verdict:
    """Decides whether the terms give an elder a subsidy, and explains each condition.

    inside: whether the elder's area lies in the policy's.

    Source: 民办函〔2025〕49号 for the voucher; Yuzhong's home-care subsidy for the cash (standards/).
    """
    have = f"hardship = {_named(facts.hardships, ', ') or 'none'}"
    level = facts.level is not None and facts.level >= terms.least_level
    asked = [
        (
            "alive and living in the city",
            f"status = {facts.status.name}",
            facts.status == Status.ALIVE,
            "person",
            _gone(facts.status),
        ),
        (
            f"lives in {terms.area_code}",
            f"area = {facts.area_code}",
            inside,
            terms.sources["area"],
            Cause.MOVED_OUT,
        ),
        (
            f"level ≥ {terms.least_level}",
            f"level = {'unknown' if facts.level is None else facts.level}",
            level,
            terms.sources["least_level"],
            Cause.LEVEL,
        ),
    ]
    if terms.hardships:
        rule, holds = (
            f"hardship is {_named(terms.hardships, ' or ')}",
            bool(terms.hardships & facts.hardships),
        )
        asked.append((rule, have, holds, terms.sources["hardships"], Cause.HARDSHIP))
    if terms.excluded:
        rule, holds = (
            f"hardship is not {_named(terms.excluded, ' nor ')}",
            not terms.excluded & facts.hardships,
        )
        asked.append((rule, have, holds, terms.sources["excluded"], Cause.HARDSHIP))
    steps = [(Step(rule, fact, holds, source), cause) for rule, fact, holds, source, cause in asked]
    failed = [cause for step, cause in steps if not step.holds]
    amount = 0 if failed or facts.level is None else monthly_fen(terms, facts.level)
    told = tuple(step for step, _ in steps)
    if not failed:
        rule = "amount by level, at most the cap" if terms.tiers else "amount is the cap"
        told += (
            Step(
                rule,
                f"{amount} fen a month",
                True,
                terms.sources["tiers" if terms.tiers else "cap"],
            ),
        )
    return Verdict(not failed, amount, failed[0] if failed else None, told)


def _named(hardships: frozenset[int], between: str) -> str:
    return between.join(Hardship(one).name for one in sorted(hardships))


def _gone(status: Status) -> Cause:
    return Cause.DEATH if status == Status.DEAD else Cause.MOVED_OUT


def monthly_fen(terms: Terms, level: int) -> int:
    """What one person gets in one month: the tier of the highest level reached, at most the cap."""
    reached = [amount for least, amount in sorted(terms.tiers.items()) if level >= least]
    return min(reached[-1], terms.monthly_cap_fen) if terms.tiers else terms.monthly_cap_fen
