"""How long it is between two positions."""

import math
from dataclasses import dataclass

from dispatch.orders.rules import GeoPoint, great_circle_m


@dataclass(frozen=True, slots=True)
class Riding:
    """How workers get about.

    detour: road length over straight line. speed_kmh: door to door. unknown_min: taken where one of
    the positions is not known.
    """

    detour: float
    speed_kmh: float
    unknown_min: int


def travel_s(a: GeoPoint | None, b: GeoPoint | None, riding: Riding) -> int:
    """Seconds from one position to another, rounded up so that sums never promise too much.

    >>> riding = Riding(1.3, 20, 20)
    >>> travel_s(GeoPoint(118.3, 32.3), GeoPoint(118.3, 32.31), riding)
    261
    >>> travel_s(None, GeoPoint(118.3, 32.3), riding)
    1200
    """
    if a is None or b is None:
        return riding.unknown_min * 60
    return math.ceil(great_circle_m(a, b) * riding.detour * 3.6 / riding.speed_kmh)
