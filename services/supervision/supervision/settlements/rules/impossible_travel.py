"""Nobody can travel that fast from the visit before, or to the visit after."""

from supervision.settlements.rules.visit import Limits, Visit


def is_impossible_travel(visit: Visit, limits: Limits) -> bool:
    """True where the metres since the check-out before, or to the check-in after, need more speed
    than the limit.

    Both sides, because visits are reported in any order: whichever of two is reported second has
    the other one beside it. Minutes are rounded down, so a minute more is granted.

    >>> from datetime import UTC, datetime
    >>> at = datetime(2026, 3, 2, tzinfo=UTC)
    >>> limits = Limits(0.8, 300, 60, 60, 120)
    >>> ways = ((10_000, 9), (10_001, 9), (900, 0), (1_001, 0), (None, 0), (None, None))
    >>> before = [Visit(at, at, 60, 60, 0, 0, *way) for way in ways]
    >>> [is_impossible_travel(visit, limits) for visit in before]
    [False, True, False, True, False, False]
    >>> after = [Visit(at, at, 60, 60, 0, 0, None, None, *way) for way in ways]
    >>> [is_impossible_travel(visit, limits) for visit in after]
    [False, True, False, True, False, False]
    """
    ways = ((visit.previous_m, visit.previous_min), (visit.next_m, visit.next_min))
    metres_a_min = limits.speed_kmh * 1000 / 60
    return any(
        metres is not None and minutes is not None and metres > metres_a_min * (minutes + 1)
        for metres, minutes in ways
    )
