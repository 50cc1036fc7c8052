"""How many caregivers an institution needs: pure."""

import doctest

import pytest
from hypothesis import given
from hypothesis import strategies as st

from facility.organisations import rules

CLASSES = (0, 1, 1, 2, 2)
PERSONS = (10, 6, 3)
LEVELS = st.lists(st.integers(0, 4), max_size=60)


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


def test_the_examples_in_the_docstrings_run():
    assert doctest.testmod(rules).failed == 0
