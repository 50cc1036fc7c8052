"""What is known of an elder, and which approved level is in force on a day. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from enum import IntEnum


class Status(IntEnum):
    """Elder.Status."""

    ALIVE = 1
    DEAD = 2
    MOVED_OUT = 3


class Hardship(IntEnum):
    """Elder.Hardship."""

    DIBAO = 1
    TEKUN = 2
    DIBAO_EDGE = 3
    LOW_INCOME = 4
    SEVERELY_HANDICAPPED = 5
    PLANNED_FAMILY_SPECIAL = 6


@dataclass(frozen=True, slots=True)
class ApprovedLevel:
    """An approved level and the days it holds: [valid_from, valid_to)."""

    level: int
    valid_from: date
    valid_to: date
    approved_at: datetime


def level_on(approved: Sequence[ApprovedLevel], day: date) -> int | None:
    """The level in force on a day: of those that hold then, the one approved last; None where none
    holds.

    >>> first = ApprovedLevel(3, date(2026, 1, 1), date(2026, 7, 1), datetime(2026, 1, 1))
    >>> second = ApprovedLevel(1, date(2026, 3, 1), date(2026, 9, 1), datetime(2026, 3, 1))
    >>> days = date(2025, 12, 31), date(2026, 2, 1), date(2026, 3, 1), date(2026, 9, 1)
    >>> [level_on([second, first], day) for day in days]
    [None, 3, 1, None]
    """
    holding = [one for one in approved if one.valid_from <= day < one.valid_to]
    if not holding:
        return None
    return max(holding, key=lambda one: one.approved_at).level


def next_change(approved: Sequence[ApprovedLevel], day: date) -> date | None:
    """The first day after this one on which the level in force may be another.

    >>> approved = ApprovedLevel(3, date(2026, 1, 1), date(2026, 7, 1), datetime(2026, 1, 1))
    >>> next_change([approved], date(2026, 2, 1))
    datetime.date(2026, 7, 1)
    """
    edges = [edge for one in approved for edge in (one.valid_from, one.valid_to)]
    return min((edge for edge in edges if edge > day), default=None)
