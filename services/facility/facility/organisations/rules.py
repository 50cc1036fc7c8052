"""Decides how many caregivers an institution needs. Pure."""

from collections.abc import Iterable, Sequence
from enum import IntEnum
from math import prod


class OrganisationKind(IntEnum):
    PUBLIC = 1
    PRIVATE_NON_PROFIT = 2
    ENTERPRISE = 3


class OrganisationStatus(IntEnum):
    ACTIVE = 1
    CLOSED = 2


def required_caregivers(
    levels: Iterable[int], care_classes: Sequence[int], persons_per_caregiver: Sequence[int]
) -> int:
    """Certified caregivers an institution needs for its residents (护理员配比), rounded up once for
    all classes together.

    levels: 0..4 of each resident. care_classes: class of each level. persons_per_caregiver: by
    class.
    Source: Pengzhou three-level system; rounding once is an assumption.

    >>> required_caregivers([0] * 10 + [2] * 6 + [4] * 3, (0, 1, 1, 2, 2), (10, 6, 3))
    3
    >>> required_caregivers([0], (0,), (10,))
    1
    """
    classes = [care_classes[level] for level in levels]
    # whole numbers, not fractions: 1/3 + 1/3 + 1/3 is one person and not a little less
    whole = prod(persons_per_caregiver)
    parts = sum(whole // persons_per_caregiver[care_class] for care_class in classes)
    return -(-parts // whole)
