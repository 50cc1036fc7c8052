"""What can be done to an entry of a register, and on which days it is suspended. Pure."""

from datetime import date
from enum import StrEnum


class Action(StrEnum):
    """What was done to an entry of the register."""

    CHANGE = "change"
    SUSPEND = "suspend"
    RESUME = "resume"
    CLOSE = "close"
    CAPACITY = "capacity"


def is_suspended(first: date | None, until: date | None, day: date) -> bool:
    """Whether a day lies in a suspension.

    first: its first day; None: there is none. until: the first day after it; None: no end is known.

    >>> monday, friday = date(2026, 3, 2), date(2026, 3, 6)
    >>> [is_suspended(monday, friday, day) for day in (monday, friday)]
    [True, False]
    >>> is_suspended(monday, None, friday), is_suspended(None, None, friday)
    (True, False)
    """
    return first is not None and first <= day and (until is None or day < until)
