"""Who is entitled to which subsidy and how much of it, condition by condition. Pure."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from enum import IntEnum

from subsidy.replicas.rules import Hardship, Status


class Kind(IntEnum):
    """Policy.Kind."""

    VOUCHER = 1
    CASH = 2


class Cause(IntEnum):
    """EntitlementClosed.Cause: why a policy gives nothing any more."""

    DEATH = 1
    MOVED_OUT = 2
    LEVEL = 3
    HARDSHIP = 4
    POLICY_ENDED = 5


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
    """What is known about an elder on a day.

    level: of the result in force on that day, else None.
    """

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


def verdict(terms: Terms, facts: Facts, *, inside: bool) -> Verdict:
    """Decides whether the terms give an elder a subsidy, and explains each condition.

    inside: whether the elder's area lies in the policy's.

    Source: 民办函〔2025〕49号 for the voucher, Yuzhong's home-care subsidy for the cash
    (standards/).
    """
    conditions = [
        (_is_present(facts), _absence(facts.status)),
        (_lives_inside(terms, facts, inside), Cause.MOVED_OUT),
        (_reaches_level(terms, facts), Cause.LEVEL),
        *((step, Cause.HARDSHIP) for step in _hardship_steps(terms, facts)),
    ]
    steps = tuple(step for step, _ in conditions)
    failed = [cause for step, cause in conditions if not step.holds]
    if failed:
        return Verdict(False, 0, failed[0], steps)
    amount = 0 if facts.level is None else monthly_fen(terms, facts.level)
    return Verdict(True, amount, None, (*steps, _amount_step(terms, amount)))


def monthly_fen(terms: Terms, level: int) -> int:
    """What one person gets in one month: the tier of the highest level reached, at most the cap."""
    if not terms.tiers:
        return terms.monthly_cap_fen
    reached = [amount for least, amount in sorted(terms.tiers.items()) if level >= least]
    return min(reached[-1], terms.monthly_cap_fen)


def _is_present(facts: Facts) -> Step:
    return Step(
        rule="alive and living in the city",
        fact=f"status = {facts.status.name}",
        holds=facts.status == Status.ALIVE,
        source="person",
    )


def _absence(status: Status) -> Cause:
    return Cause.DEATH if status == Status.DEAD else Cause.MOVED_OUT


def _lives_inside(terms: Terms, facts: Facts, inside: bool) -> Step:
    return Step(
        rule=f"lives in {terms.area_code}",
        fact=f"area = {facts.area_code}",
        holds=inside,
        source=terms.sources["area"],
    )


def _reaches_level(terms: Terms, facts: Facts) -> Step:
    known = "unknown" if facts.level is None else facts.level
    return Step(
        rule=f"level ≥ {terms.least_level}",
        fact=f"level = {known}",
        holds=facts.level is not None and facts.level >= terms.least_level,
        source=terms.sources["least_level"],
    )


def _hardship_steps(terms: Terms, facts: Facts) -> Iterator[Step]:
    fact = f"hardship = {_names(facts.hardships, ', ') or 'none'}"
    if terms.hardships:
        yield Step(
            rule=f"hardship is {_names(terms.hardships, ' or ')}",
            fact=fact,
            holds=bool(terms.hardships & facts.hardships),
            source=terms.sources["hardships"],
        )
    if terms.excluded:
        yield Step(
            rule=f"hardship is not {_names(terms.excluded, ' nor ')}",
            fact=fact,
            holds=not terms.excluded & facts.hardships,
            source=terms.sources["excluded"],
        )


def _names(hardships: frozenset[int], between: str) -> str:
    return between.join(Hardship(hardship).name for hardship in sorted(hardships))


def _amount_step(terms: Terms, amount: int) -> Step:
    return Step(
        rule="amount by level, at most the cap" if terms.tiers else "amount is the cap",
        fact=f"{amount} fen a month",
        holds=True,
        source=terms.sources["tiers" if terms.tiers else "cap"],
    )
