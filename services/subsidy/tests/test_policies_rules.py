"""Who gets what: laws over all facts."""

from datetime import date

from hypothesis import given
from hypothesis import strategies as st

from kit.contracts import areas
from subsidy.policies import flows, rules
from subsidy.policies.rules import Cause, Facts
from subsidy.replicas.rules import Hardship, Status

DAY = date(2026, 3, 2)


VOUCHER = flows.terms("national-voucher", date(2026, 1, 1))


CASH = flows.terms("home-care", date(2026, 1, 1))


ALL_FACTS = st.builds(
    Facts,
    on=st.just(DAY),
    status=st.sampled_from(Status),
    area_code=st.sampled_from(["341102001001", "341202001001"]),
    hardships=st.frozensets(st.sampled_from(Hardship)),
    level=st.none() | st.integers(0, 4),
)


def verdict_of(terms: rules.Terms, facts: Facts) -> rules.Verdict:
    return rules.verdict(terms, facts, inside=areas.is_in(facts.area_code, terms.area_code))


@given(ALL_FACTS, st.sampled_from([VOUCHER, CASH]))
def test_an_amount_is_given_where_and_only_where_every_step_holds(facts, terms):
    verdict = verdict_of(terms, facts)

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
        verdict_of(
            terms, Facts(DAY, facts.status, facts.area_code, facts.hardships, level)
        ).monthly_fen
        for level in range(5)
    ]

    assert amounts == sorted(amounts)


@given(ALL_FACTS)
def test_whoever_is_dead_gets_nothing_because_of_the_death(facts):
    dead = Facts(DAY, Status.DEAD, facts.area_code, facts.hardships, facts.level, DAY)

    assert verdict_of(VOUCHER, dead).cause == verdict_of(CASH, dead).cause == Cause.DEATH


def test_an_unknown_level_is_no_level_and_is_explained_as_such():
    verdict = verdict_of(VOUCHER, Facts(DAY, Status.ALIVE, "341102001001", frozenset(), None))

    assert verdict.cause == Cause.LEVEL
    assert [step.fact for step in verdict.steps if not step.holds] == ["level = unknown"]


def test_the_explanation_names_rule_fact_and_source():
    verdict = verdict_of(
        VOUCHER, Facts(DAY, Status.ALIVE, "341102001001", frozenset({Hardship.TEKUN}), 3)
    )

    failed = [step for step in verdict.steps if not step.holds]
    assert [(step.rule, step.fact) for step in failed] == [
        ("hardship is not TEKUN", "hardship = TEKUN")
    ]
    assert failed[0].source.startswith("secondary accounts of 民办函〔2025〕49号")
