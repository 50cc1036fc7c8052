"""No position was sent, or the home has none."""

from supervision.settlements.rules.visit import Visit


def is_without_position(visit: Visit) -> bool:
    """True where check-in or check-out cannot be compared with the home.

    >>> from datetime import UTC, datetime
    >>> at = datetime(2026, 3, 2, tzinfo=UTC)
    >>> distances = ((1, 2), (1, None), (None, None))
    >>> visits = [Visit(at, at, 60, 60, *metres, None, None) for metres in distances]
    >>> [is_without_position(visit) for visit in visits]
    [False, True, True]
    """
    return visit.check_in_m is None or visit.check_out_m is None
