"""How far and how long it is between two places."""

import math
from dataclasses import dataclass
from typing import NamedTuple

EARTH_M = 6_371_008.8  # mean radius (IUGG)


class Place(NamedTuple):
    """Degrees WGS-84."""

    lon: float
    lat: float


@dataclass(frozen=True, slots=True)
class Riding:
    """How workers get about.

    detour: road length over straight line. speed_kmh: door to door. unknown_min: taken where one of
    the places has no position.
    """

    detour: float
    speed_kmh: float
    unknown_min: int


def distance_m(a: Place | None, b: Place | None) -> int | None:
    """Metres along the great circle, rounded; None where a place is not known.

    >>> distance_m(Place(118.3, 32.3), Place(118.3, 32.31)), distance_m(None, Place(118.3, 32.3))
    (1112, None)
    """
    if a is None or b is None:
        return None
    return round(_great_circle_m(a, b))


def travel_s(a: Place | None, b: Place | None, riding: Riding) -> int:
    """Seconds from one place to another, rounded up so that sums never promise too much.

    >>> travel_s(Place(118.3, 32.3), Place(118.3, 32.31), Riding(1.3, 20, 20)), travel_s(None, Place(118.3, 32.3), Riding(1.3, 20, 20))
    (261, 1200)
    """
    if a is None or b is None:
        return riding.unknown_min * 60
    return math.ceil(_great_circle_m(a, b) * riding.detour * 3.6 / riding.speed_kmh)


def _great_circle_m(a: Place, b: Place) -> float:
    north, east = math.radians(b.lat - a.lat), math.radians(b.lon - a.lon)
    half = (
        math.sin(north / 2) ** 2
        + math.cos(math.radians(a.lat)) * math.cos(math.radians(b.lat)) * math.sin(east / 2) ** 2
    )
    return 2 * EARTH_M * math.asin(math.sqrt(half))
