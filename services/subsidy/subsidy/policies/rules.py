"""Who is entitled to which subsidy and how much of it, condition by condition. Pure."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
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
    AGE = 6
    SETTLEMENT = 8
    OFFICIAL = 9


class Span(IntEnum):
    """Policy.Period: for how long one amount is given."""

    MONTH = 1
    YEAR = 2


class MonthDue(IntEnum):
    """On which of its days the ground must hold for a month to be due, which then is whole."""

    ANY_DAY = 1
    FIRST_DAY = 2


@dataclass(frozen=True, slots=True)
class Terms:
    """One dated version of a policy.

    least_level: None where no level is asked for. hardships: one of them is needed; empty: none is.
    excluded: any of them forbids it. tiers: fen by least level, age_tiers: by least age, none below
    the youngest; both empty: the cap. period: for how long an amount is. month_due: which days of a
    month it is due for. sources: where each number stands, by its name.
    """

    policy_code: str
    policy_version: date
    kind: Kind
    area_code: str
    monthly_cap_fen: int
    least_level: int | None
    hardships: frozenset[int]
    excluded: frozenset[int]
    tiers: Mapping[int, int]
    age_tiers: Mapping[int, int]
    period: Span
    month_due: MonthDue
    home_share: float | None
    institution_share: float | None
    sources: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Facts:
    """What is known about an elder on a day.

    level: of the result in force on that day, else None. age: in years; None where unknown.
    """

    on: date
    status: Status
    area_code: str
    hardships: frozenset[int]
    level: int | None
    age: int | None = None
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

    Source: 民办函〔2025〕49号 for the voucher, the subsidies of Anhui and Yuzhong for the rest
    (standards/).
    """
    conditions = [
        (_is_present(facts), _absence(facts.status)),
        (_lives_inside(terms, facts, inside), Cause.MOVED_OUT),
        *((step, Cause.LEVEL) for step in _level_steps(terms, facts)),
        *((step, Cause.AGE) for step in _age_steps(terms, facts)),
        *((step, Cause.HARDSHIP) for step in _hardship_steps(terms, facts)),
    ]
    steps = tuple(step for step, _ in conditions)
    failed = [cause for step, cause in conditions if not step.holds]
    if failed:
        return Verdict(False, 0, failed[0], steps)
    amount = amount_fen(terms, facts)
    return Verdict(True, amount, None, (*steps, _amount_step(terms, amount)))


def amount_fen(terms: Terms, facts: Facts) -> int:
    """What one person gets in one period: the tier of the highest level or age reached, at most the
    cap.
    """
    tiers, value = (terms.age_tiers, facts.age) if terms.age_tiers else (terms.tiers, facts.level)
    if not tiers:
        return terms.monthly_cap_fen
    reached = [amount for least, amount in sorted(tiers.items()) if value and value >= least]
    return min(reached[-1], terms.monthly_cap_fen)


def birthday(born_on: date, age: int) -> date:
    """The first day of an age; of who was born on 29 February, 1 March in years without that day.

    >>> birthday(date(1946, 3, 5), 80), birthday(date(1948, 2, 29), 78)
    (datetime.date(2026, 3, 5), datetime.date(2026, 3, 1))
    """
    year = born_on.year + age
    try:
        return born_on.replace(year=year)
    except ValueError:
        # no such day in that year: the one after the day before
        return (born_on - timedelta(days=1)).replace(year=year) + timedelta(days=1)


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


def _level_steps(terms: Terms, facts: Facts) -> Iterator[Step]:
    if terms.least_level is None:
        return
    yield Step(
        rule=f"level ≥ {terms.least_level}",
        fact=f"level = {_known(facts.level)}",
        holds=facts.level is not None and facts.level >= terms.least_level,
        source=terms.sources["least_level"],
    )


def _age_steps(terms: Terms, facts: Facts) -> Iterator[Step]:
    if not terms.age_tiers:
        return
    least = min(terms.age_tiers)
    yield Step(
        rule=f"age ≥ {least}",
        fact=f"age = {_known(facts.age)}",
        holds=facts.age is not None and facts.age >= least,
        source=terms.sources["age_tiers"],
    )


def _known(value: int | None) -> str | int:
    return "unknown" if value is None else value


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
    by = "age" if terms.age_tiers else "level" if terms.tiers else ""
    number = {"age": "age_tiers", "level": "tiers"}.get(by, "cap")
    return Step(
        rule=f"amount by {by}, at most the cap" if by else "amount is the cap",
        fact=f"{amount} fen a {terms.period.name.lower()}",
        holds=True,
        source=terms.sources[number],
    )
