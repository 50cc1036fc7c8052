"""Decides what a shift is; the nominal sets of a worker. Pure."""

from datetime import timedelta
from enum import IntEnum

DAY_MIN = timedelta(days=1) // timedelta(minutes=1)


class Help(IntEnum):
    MEAL = 1
    BATH = 2
    CLEAN = 3
    WALK = 4
    EMERGENCY = 5
    MEDICAL = 6


class WorkerStatus(IntEnum):
    ACTIVE = 1
    LEFT = 2


class PlaceOfWork(IntEnum):
    FACILITY = 1
    HOMES = 2


def is_shift(from_min: int, to_min: int) -> bool:
    """True where a daily shift has a length; minutes after local midnight. One that ends at an
    earlier minute than it begins ends on the next day. Both 0 means: none is agreed.
    """
    return (from_min != to_min and from_min < DAY_MIN) or from_min == to_min == 0
