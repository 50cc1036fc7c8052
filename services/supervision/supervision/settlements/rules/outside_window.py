"""Began too long before or after the hours in which the visit was wanted."""

from supervision.settlements.rules.visit import Limits, Visit


def is_outside_window(visit: Visit, limits: Limits) -> bool:
    """True where the check-in lies further outside the wanted window than is granted.

    >>> from datetime import UTC, datetime
    >>> at = datetime(2026, 3, 2, tzinfo=UTC)
    >>> limits = Limits(0.8, 300, 60, 60, 120)
    >>> outside = (-61, -60, 0, 120, 121, None)
    >>> visits = [Visit(at, at, 60, 60, 0, 0, None, None, outside_min=one) for one in outside]
    >>> [is_outside_window(visit, limits) for visit in visits]
    [True, False, False, False, True, False]
    """
    if visit.outside_min is None:
        return False
    return not -limits.early_min <= visit.outside_min <= limits.late_min
