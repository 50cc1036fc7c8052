"""What a shift is: pure."""

import pytest

from facility.workers import rules


@pytest.mark.parametrize(
    ("shift", "possible"),
    [
        ((480, 1080), True),
        ((0, 0), True),
        ((0, 1440), True),
        ((1320, 360), True),
        ((1320, 0), True),
        ((600, 600), False),
        ((1440, 480), False),
        ((1440, 1440), False),
    ],
)
def test_a_shift_has_a_length_and_may_end_on_the_next_day(shift: tuple[int, int], possible: bool):
    assert rules.is_shift(*shift) is possible
