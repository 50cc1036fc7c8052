"""What a shift is: pure."""

import pytest

from facility.workers import rules


@pytest.mark.parametrize(
    ("shift", "possible"),
    [((480, 1080), True), ((0, 0), True), ((600, 600), False), ((1200, 480), False)],
)
def test_a_shift_ends_after_it_begins(shift: tuple[int, int], possible: bool):
    assert rules.is_shift(*shift) is possible
