"""What is paid for, and whether it was due. Pure."""

from datetime import date
from enum import IntEnum


class PaymentKind(IntEnum):
    """PaymentMade.Kind."""

    SETTLEMENT = 1
    CASH = 2
    ARREARS = 3


def is_after_death(visited_on: date | None, died_on: date | None) -> bool:
    """Whether a visit lies behind the day of death; one on that day was given, and one of an
    unknown day counts as given.

    >>> died_on = date(2026, 3, 1)
    >>> [is_after_death(visited_on, died_on) for visited_on in (died_on, date(2026, 3, 2), None)]
    [False, True, False]
    """
    return visited_on is not None and died_on is not None and visited_on > died_on
