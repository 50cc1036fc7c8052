"""Puts the detectors' answers together."""

from collections.abc import Iterable
from datetime import datetime
from enum import IntEnum

from supervision.settlements.rules.impossible_travel import is_impossible_travel
from supervision.settlements.rules.no_position import is_without_position
from supervision.settlements.rules.outside_window import is_outside_window
from supervision.settlements.rules.overlap import is_overlapping
from supervision.settlements.rules.too_short import is_too_short
from supervision.settlements.rules.visit import Limits, Visit
from supervision.settlements.rules.wrong_place import is_wrong_place


class Doubt(IntEnum):
    """What speaks against a visit; the numbers are those of the contract's Doubt."""

    TOO_SHORT = 1
    WRONG_PLACE = 2
    OVERLAP = 3
    IMPOSSIBLE_TRAVEL = 4
    NO_POSITION = 5
    INSPECTOR = 6
    COMPLAINT = 7
    FOLLOW_UP = 8
    UNTRUE = 9
    OUTSIDE_WINDOW = 10


class State(IntEnum):
    """What became of a settlement; the numbers are those of Settlement.State."""

    HELD = 1
    APPROVED = 2
    REFUSED = 3
    APPEALED = 4


def doubts(
    visit: Visit, others: Iterable[tuple[datetime, datetime]], limits: Limits
) -> list[Doubt]:
    """All doubts about a visit, in the order of their numbers; none: it is paid without a human.

    others: check-in and check-out of the worker's other visits.
    """
    found = {
        Doubt.TOO_SHORT: is_too_short(visit, limits),
        Doubt.WRONG_PLACE: is_wrong_place(visit, limits),
        Doubt.OVERLAP: is_overlapping(visit, others),
        Doubt.IMPOSSIBLE_TRAVEL: is_impossible_travel(visit, limits),
        Doubt.NO_POSITION: is_without_position(visit),
        Doubt.OUTSIDE_WINDOW: is_outside_window(visit, limits),
    }
    return [doubt for doubt, doubted in found.items() if doubted]
