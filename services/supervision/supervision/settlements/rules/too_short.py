"""Served for less than the least share of the planned length."""

from supervision.settlements.rules.visit import Limits, Visit


def is_too_short(visit: Visit, limits: Limits) -> bool:
    """True where the device minutes fall short.

    >>> from datetime import UTC, datetime
    >>> at = datetime(2026, 3, 2, tzinfo=UTC)
    >>> limits = Limits(0.8, 300, 60, 60, 120)
    >>> [is_too_short(Visit(at, at, 60, served, 0, 0, None, None), limits) for served in (47, 48)]
    [True, False]
    """
    return visit.served_min < visit.planned_min * limits.least_share
