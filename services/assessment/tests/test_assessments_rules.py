"""The norm's arithmetic: pure."""

import doctest
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assessment.assessments import rules
from assessment.assessments.rules import ChangeReason, Limits

CUTS = (90, 66, 46, 30)
LIMITS = Limits(
    cuts=CUTS, worst_level=4, risk_events=2, stack=False, dementia=(0, 3), mental_disorder=(4, 99)
)
BEST = dict.fromkeys(rules.SELF_CARE + rules.MOTOR + rules.MENTAL + rules.SOCIAL, 4) | {
    "stairs": 3,
    "aggression": 1,
    "depression": 1,
    "consciousness": 2,
    "vision": 2,
    "hearing": 2,
    "transport": 3,
}
ANSWERS = st.fixed_dictionaries({item: st.integers(0, most) for item, most in BEST.items()})
FLAGS = st.fixed_dictionaries(
    {
        "coma": st.booleans(),
        "diagnoses": st.lists(st.sampled_from(["F01", "F20", "I10", "F03.1", "G20"]), unique=True),
        "psychiatrist_diagnosed": st.booleans(),
        "risk_events": st.integers(0, 5),
    }
)
NONE = {"coma": False, "diagnoses": [], "psychiatrist_diagnosed": False, "risk_events": 0}


def test_the_scale_has_26_items_and_90_points():
    points = rules.points_of(BEST)

    assert len(BEST) == 26
    assert (
        points.self_care_points,
        points.motor_points,
        points.mental_points,
        points.social_points,
    ) == (32, 15, 28, 15)
    assert points.total_points == 90


def test_a_missing_item_is_no_result():
    with pytest.raises(KeyError, match="memory"):
        rules.points_of({item: 0 for item in BEST if item != "memory"})


def test_one_lost_point_is_mild():
    assert rules.result_of(BEST | {"vision": 1}, **NONE, limits=LIMITS).level == 1


@pytest.mark.parametrize(
    ("total", "level"),
    [(90, 0), (89, 1), (66, 1), (65, 2), (46, 2), (45, 3), (30, 3), (29, 4), (0, 4)],
)
def test_the_borders_of_the_levels(total: int, level: int):
    assert rules.level_of(total, CUTS) == level


def of_total(total: int) -> dict[str, int]:
    """Answers with that total: points are taken from the last items first."""
    answers, excess = dict(BEST), 90 - total
    for item in reversed(list(answers)):
        taken = min(excess, answers[item])
        answers[item] -= taken
        excess -= taken
    return answers


@pytest.mark.parametrize(
    ("total", "flags", "level"),
    [
        (90, {"diagnoses": ["F01"]}, 1),
        (46, {"risk_events": 2}, 3),
        (46, {"risk_events": 1}, 2),
        (29, {"diagnoses": ["F00"]}, 4),
        (90, {"coma": True}, 4),
        (90, {"diagnoses": ["F20"]}, 0),
        (90, {"diagnoses": ["F20"], "psychiatrist_diagnosed": True}, 1),
        (66, {"diagnoses": ["F03.1"], "risk_events": 3}, 2),
        (90, {"diagnoses": ["F00.100x003+G30.101*"]}, 1),
        (90, {"diagnoses": ["G30.101+F00.1*"]}, 1),
        (90, {"diagnoses": ["I10.x00x002"]}, 0),
    ],
)
def test_the_reference_cases_of_the_norm(total: int, flags: dict[str, object], level: int):
    assert rules.result_of(of_total(total), **(NONE | flags), limits=LIMITS).level == level


def test_both_reasons_are_recorded_though_they_make_one_step():
    result = rules.result_of(
        BEST, **(NONE | {"diagnoses": ["F01"], "risk_events": 2}), limits=LIMITS
    )

    assert result.change_reasons == (ChangeReason.MENTAL_DISORDER, ChangeReason.RISK_EVENTS)
    assert result.level == 1


@given(answers=ANSWERS, flags=FLAGS, item=st.sampled_from(sorted(BEST)))
def test_a_better_answer_never_makes_the_level_worse(
    answers: dict[str, int], flags: dict[str, object], item: str
):
    better = answers | {item: BEST[item]}

    assert (
        rules.result_of(better, **flags, limits=LIMITS).level
        <= rules.result_of(answers, **flags, limits=LIMITS).level
    )


@given(answers=ANSWERS, flags=FLAGS)
def test_change_rules_only_worsen_by_one_step_unless_coma(
    answers: dict[str, int], flags: dict[str, object]
):
    result = rules.result_of(answers, **flags, limits=LIMITS)

    assert result.preliminary_level <= result.level <= 4
    assert (
        ChangeReason.COMA in result.change_reasons or result.level - result.preliminary_level <= 1
    )


@given(
    first=st.dates(date(2020, 1, 1), date(2030, 1, 1)),
    middle=st.integers(0, 60),
    last=st.integers(0, 60),
)
def test_working_days_add_up(first: date, middle: int, last: int):
    then = date.fromordinal(first.toordinal() + middle)
    end = date.fromordinal(then.toordinal() + last)

    assert rules.working_days(first, end, (), ()) == rules.working_days(
        first, then, (), ()
    ) + rules.working_days(then, end, (), ())


@given(day=st.dates(date(2000, 1, 1), date(2050, 1, 1)), months=st.integers(0, 36))
def test_months_later_is_never_before_and_keeps_the_day_where_it_can(day: date, months: int):
    later = rules.months_later(day, months)

    assert later >= day
    assert later.day in (day.day, 1)


def test_the_examples_in_the_docstrings_run():
    assert doctest.testmod(rules).failed == 0
