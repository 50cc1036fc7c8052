"""Nobody can travel that fast from the visit before, or to the visit after."""

from supervision.rules.visit import Limits, Visit


def is_impossible_travel(visit: Visit, limits: Limits) -> bool:
    """True where the metres since the check-out before, or to the check-in after, need more speed
    than the limit.

    Both sides, because visits are told in any order: whichever of two is told second has the other
    one beside it. Minutes are rounded down, so a minute more is granted.

    >>> from datetime import UTC, datetime
    >>> at = datetime(2026, 3, 2, tzinfo=UTC)
    >>> limits = Limits(0.8, 300, 60)
    >>> ways = ((10_000, 9), (10_001, 9), (900, 0), (1_001, 0), (None, 0), (None, None))
    >>> [is_impossible_travel(Visit(at, at, 60, 60, 0, 0, *way), limits) for way in ways]
    [False, True, False, True, False, False]
    >>> [is_impossible_travel(Visit(at, at, 60, 60, 0, 0, None, None, *way), limits) for way in ways]
    [False, True, False, True, False, False]
    """
    ways = ((visit.previous_m, visit.previous_min), (visit.next_m, visit.next_min))
    return any(
        metres is not None
        and minutes is not None
        and metres > limits.speed_kmh * 1000 / 60 * (minutes + 1)
        for metres, minutes in ways
    )
