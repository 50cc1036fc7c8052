"""Decides who may lie where, and how many caregivers an institution needs. Pure."""

from collections.abc import Iterable, Sequence
from datetime import date, timedelta
from enum import IntEnum


class Help(IntEnum):
    MEAL = 1
    BATH = 2
    CLEAN = 3
    WALK = 4
    EMERGENCY = 5
    MEDICAL = 6


class OrganisationKind(IntEnum):
    PUBLIC = 1
    PRIVATE_NON_PROFIT = 2
    ENTERPRISE = 3


class OrganisationStatus(IntEnum):
    ACTIVE = 1
    CLOSED = 2


class Tier(IntEnum):
    COUNTY = 1
    TOWN = 2
    VILLAGE = 3


class Operation(IntEnum):
    PUBLIC = 1
    CONTRACTED = 2
    PRIVATE = 3


class FacilityStatus(IntEnum):
    OPEN = 1
    CLOSED = 2


class WorkerStatus(IntEnum):
    ACTIVE = 1
    LEFT = 2


class ElderStatus(IntEnum):
    ALIVE = 1
    DEAD = 2
    MOVED_OUT = 3


def last_day(began_on: date, died_on: date) -> date:
    """The first day without an elder who died: the day after, since the day of death is still a
    bed-day.

    A death that turns out to lie before the admission leaves a stay without any day.

    >>> last_day(date(2026, 1, 1), date(2026, 1, 5)), last_day(date(2026, 1, 9), date(2026, 1, 5))
    (datetime.date(2026, 1, 6), datetime.date(2026, 1, 9))
    """
    return max(began_on, died_on + timedelta(days=1))


def is_shift(from_min: int, to_min: int) -> bool:
    """True where a daily shift begins before it ends; minutes after local midnight. Both 0 means:
    none is agreed.
    """
    return from_min < to_min or from_min == to_min == 0


def required_caregivers(
    levels: Iterable[int], care_classes: Sequence[int], persons_per_caregiver: Sequence[int]
) -> int:
    """Certified caregivers an institution needs for its residents (护理员配比), rounded up once for all
    classes together.

    levels: 0..4 of each resident. care_classes: class of each level. persons_per_caregiver: by
    class.
    Source: Pengzhou three-level system; rounding once is an assumption.

    >>> required_caregivers([0] * 10 + [2] * 6 + [4] * 3, (0, 1, 1, 2, 2), (10, 6, 3)), required_caregivers([0], (0,), (10,))
    (3, 1)
    """
    classes = [care_classes[level] for level in levels]
    # whole numbers instead of fractions, so that 1/3 + 1/3 + 1/3 is one person and not a little
    # less
    whole = 1
    for persons in persons_per_caregiver:
        whole *= persons
    parts = sum(whole // persons_per_caregiver[care_class] for care_class in classes)
    return -(-parts // whole)
