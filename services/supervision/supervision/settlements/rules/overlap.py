"""The worker was in two visits at once, or the elder had two."""

from collections.abc import Iterable
from datetime import datetime

from supervision.settlements.rules.visit import Visit


def is_overlapping(visit: Visit, others: Iterable[tuple[datetime, datetime]]) -> bool:
    """True where another visit of the worker, or at the elder, shares an instant with this one; one
    may begin at the instant another ends.

    others: (check-in, check-out).

    >>> from datetime import UTC, datetime
    >>> hour = lambda number: datetime(2026, 3, 2, number, tzinfo=UTC)
    >>> visit = Visit(hour(9), hour(11), 120, 120, 0, 0, None, None)
    >>> hours = ((8, 9), (10, 10), (10, 12), (11, 12), (8, 13))
    >>> [is_overlapping(visit, [(hour(begin), hour(end))]) for begin, end in hours]
    [False, True, True, False, True]
    """
    return any(begin < visit.checked_out_at and visit.checked_in_at < end for begin, end in others)
