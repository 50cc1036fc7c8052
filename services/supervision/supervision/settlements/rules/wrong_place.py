"""Checked in or out too far from the home."""

from supervision.settlements.rules.visit import Limits, Visit


def is_wrong_place(visit: Visit, limits: Limits) -> bool:
    """True where a known distance is beyond the limit; an unknown one is another detector's.

    >>> from datetime import UTC, datetime
    >>> at = datetime(2026, 3, 2, tzinfo=UTC)
    >>> limits = Limits(0.8, 300, 60, 60, 120)
    >>> distances = ((300, 0), (0, 301), (None, 5))
    >>> visits = [Visit(at, at, 60, 60, *metres, None, None) for metres in distances]
    >>> [is_wrong_place(visit, limits) for visit in visits]
    [False, True, False]
    """
    return any(
        metres is not None and metres > limits.place_m
        for metres in (visit.check_in_m, visit.check_out_m)
    )
