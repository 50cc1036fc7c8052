"""Decides what a shift is; the nominal sets of a worker. Pure."""

from enum import IntEnum


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


def is_shift(from_min: int, to_min: int) -> bool:
    """True where a daily shift begins before it ends; minutes after local midnight. Both 0 means:
    none is agreed.
    """
    return from_min < to_min or from_min == to_min == 0
