"""Few rules: staffing, days, shifts."""

import doctest
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from facility import rules

CLASSES, PERSONS = (0, 1, 1, 2, 2), (10, 6, 3)
LEVELS = st.lists(st.integers(0, 4), max_size=60)
DAYS = st.dates(date(2020, 1, 1), date(2030, 1, 1))


@pytest.mark.parametrize(
    ("levels", "required"),
    [
        ([], 0),
        ([0], 1),
        ([0] * 10, 1),
        ([0] * 11, 2),
        ([1] * 6, 1),
        ([3] * 3, 1),
        ([4] * 4, 2),
        ([0] * 5 + [2] * 3, 1),
    ],
)
def test_residents_require_caregivers_by_their_level(levels: list[int], required: int):
    assert rules.required_caregivers(levels, CLASSES, PERSONS) == required


@given(levels=LEVELS, worse=st.integers(0, 4))
def test_one_resident_more_never_requires_fewer(levels: list[int], worse: int):
    before, after = (
        rules.required_caregivers(those, CLASSES, PERSONS) for those in (levels, [*levels, worse])
    )

    assert before <= after <= before + 1


@given(levels=LEVELS)
def test_rounding_is_done_once(levels: list[int]):
    exact = sum(1 / PERSONS[CLASSES[level]] for level in levels)

    assert exact - 1e-9 <= rules.required_caregivers(levels, CLASSES, PERSONS) < exact + 1


@given(began_on=DAYS, died_on=DAYS)
def test_a_stay_never_ends_before_it_began(began_on: date, died_on: date):
    ended_on = rules.last_day(began_on, died_on)

    assert ended_on >= began_on
    assert ended_on == began_on or (ended_on - died_on).days == 1


@pytest.mark.parametrize(
    ("shift", "possible"),
    [((480, 1080), True), ((0, 0), True), ((600, 600), False), ((1200, 480), False)],
)
def test_a_shift_ends_after_it_begins(shift: tuple[int, int], possible: bool):
    assert rules.is_shift(*shift) is possible


def test_the_examples_in_the_docstrings_run():
    assert doctest.testmod(rules).failed == 0
