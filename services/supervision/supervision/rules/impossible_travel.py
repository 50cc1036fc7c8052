"""Nobody can travel that fast from the visit before."""

from supervision.rules.visit import Limits, Visit


def is_impossible_travel(visit: Visit, limits: Limits) -> bool:
    """True where the metres since the check-out before need more speed than the limit.

    Minutes are rounded down, so a minute more is granted.

    >>> from datetime import UTC, datetime
    >>> at = datetime(2026, 3, 2, tzinfo=UTC)
    >>> limits = Limits(0.8, 300, 60)
    >>> ways = ((10_000, 9), (10_001, 9), (900, 0), (1_001, 0), (None, 0), (None, None))
    >>> [is_impossible_travel(Visit(at, at, 60, 60, 0, 0, *way), limits) for way in ways]
    [False, True, False, True, False, False]
    """
    if visit.previous_m is None or visit.previous_min is None:
        return False
    return visit.previous_m > limits.speed_kmh * 1000 / 60 * (visit.previous_min + 1)
