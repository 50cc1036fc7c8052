"""Positions: one datum is kept."""

import doctest
import math

import pytest

from kit.contracts import positions
from kit.contracts.positions import GCJ02


def test_the_examples_in_the_docstrings_run():
    assert doctest.testmod(positions).failed == 0


@pytest.mark.parametrize(
    ("lon", "lat"), [(118.3, 32.3), (87.6, 43.8), (126.6, 45.7), (109.5, 18.3)]
)
def test_what_is_shifted_comes_back_to_a_decimetre(lon: float, lat: float):
    east, north = positions._shift(lon, lat)

    back = positions.wgs84(lon + east, lat + north, GCJ02)

    assert math.dist(back, (lon, lat)) < 2e-6
    assert 100 < math.dist((0, 0), (east, north)) * 111_200 < 1000
