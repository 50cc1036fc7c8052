"""Who gets what: laws over all facts."""

from datetime import date, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from kit.contracts import areas
from kit.contracts.money import share_fen
from subsidy.flows import policies
from subsidy.rules import amounts, calendar, eligibility
from subsidy.rules.eligibility import Facts
from subsidy.rules.kinds import Cause, Hardship, Status

DAY = date(2026, 3, 2)
VOUCHER = policies.terms("national-voucher", date(2026, 1, 1))
CASH = policies.terms("home-care", date(2026, 1, 1))
ALL_FACTS = st.builds(
    Facts,
    on=st.just(DAY),
    status=st.sampled_from(Status),
    area_code=st.sampled_from(["341102001001", "341202001001"]),
    hardships=st.frozensets(st.sampled_from(Hardship)),
    level=st.none() | st.integers(0, 4),
)


def judged(terms: eligibility.Terms, facts: Facts) -> eligibility.Verdict:
    return eligibility.verdict(terms, facts, inside=areas.is_in(facts.area_code, terms.area_code))


@given(ALL_FACTS, st.sampled_from([VOUCHER, CASH]))
def test_an_amount_is_given_where_and_only_where_every_step_holds(facts, terms):
    verdict = judged(terms, facts)

    assert (
        verdict.entitled
        == all(step.holds for step in verdict.steps)
        == (verdict.monthly_fen > 0)
        == (verdict.cause is None)
    )
    assert verdict.monthly_fen <= terms.monthly_cap_fen


@given(ALL_FACTS, st.sampled_from([VOUCHER, CASH]))
def test_more_loss_of_ability_never_gives_less(facts, terms):
    amounts = [
        judged(terms, Facts(DAY, facts.status, facts.area_code, facts.hardships, level)).monthly_fen
        for level in range(5)
    ]

    assert amounts == sorted(amounts)


@given(ALL_FACTS)
def test_whoever_is_dead_gets_nothing_because_of_the_death(facts):
    dead = Facts(DAY, Status.DEAD, facts.area_code, facts.hardships, facts.level, DAY)

    assert judged(VOUCHER, dead).cause == judged(CASH, dead).cause == Cause.DEATH


def test_an_unknown_level_is_no_level_and_the_explanation_says_so():
    verdict = judged(VOUCHER, Facts(DAY, Status.ALIVE, "341102001001", frozenset(), None))

    assert verdict.cause == Cause.LEVEL
    assert [step.fact for step in verdict.steps if not step.holds] == ["level = unknown"]


def test_the_explanation_names_rule_fact_and_source():
    verdict = judged(
        VOUCHER, Facts(DAY, Status.ALIVE, "341102001001", frozenset({Hardship.TEKUN}), 3)
    )

    failed = [step for step in verdict.steps if not step.holds]
    assert [(step.rule, step.fact) for step in failed] == [
        ("hardship is not TEKUN", "hardship = TEKUN")
    ]
    assert failed[0].source.startswith("secondary accounts of 民办函〔2025〕49号")


@given(st.integers(0, 80_000), st.integers(1, 1_000_000), st.sampled_from([0.5, 0.4]))
def test_a_voucher_pays_neither_more_than_its_rest_nor_than_its_share(free, price, share):
    held = amounts.held_fen(free, share_fen(price, share))

    assert 0 <= held <= free
    assert held * 2 <= price + 1


@given(st.dates(date(2026, 1, 1), date(2099, 12, 31)), st.integers(1, 7))
def test_the_next_weekday_lies_at_most_a_week_ahead(day, weekday):
    later = calendar.weekday_after(day, weekday)

    assert later.isoweekday() == weekday
    assert timedelta(0) < later - day <= timedelta(days=7)


@given(st.dates(date(2026, 1, 1), date(2099, 12, 1)))
def test_months_follow_each_other_without_gap(day):
    month = calendar.month_of(day)
    following = calendar.month_after(month)

    assert month < following
    assert calendar.month_of(calendar.first_day(following) - timedelta(days=1)) == month


def test_the_level_in_force_is_that_of_the_result_approved_last_among_those_that_hold():
    early = eligibility.Result(2, date(2026, 1, 1), date(2026, 7, 1), datetime(2026, 1, 1))  # noqa: DTZ001
    late = eligibility.Result(4, date(2026, 3, 10), date(2026, 9, 1), datetime(2026, 3, 1))  # noqa: DTZ001

    assert [
        eligibility.level_on([late, early], day)
        for day in (date(2026, 3, 9), date(2026, 3, 10), date(2026, 8, 1))
    ] == [2, 4, 4]
    assert eligibility.next_change([late, early], date(2026, 3, 2)) == date(2026, 3, 10)
