"""Decides how many caregivers an institution needs. Pure."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from enum import IntEnum
from math import prod


class OrganisationKind(IntEnum):
    PUBLIC = 1
    PRIVATE_NON_PROFIT = 2
    ENTERPRISE = 3


class OrganisationStatus(IntEnum):
    ACTIVE = 1
    CLOSED = 2


def kinds_of(
    head: str, by_kind: Mapping[OrganisationKind, Collection[str]], of_any: Collection[str]
) -> Collection[OrganisationKind]:
    """The kinds of organisation that a credit code of this head can belong to; none where no
    authority gives such codes.

    head: the authority and its class, the first two characters. by_kind: heads that say the kind.
    of_any: heads that do not.
    Source: GB 32100-2015, table 1.

    >>> kinds_of("52", {OrganisationKind.PRIVATE_NON_PROFIT: ["52"]}, ["54"])
    [<OrganisationKind.PRIVATE_NON_PROFIT: 2>]
    >>> len(kinds_of("54", {}, ["54"])), len(kinds_of("00", {}, ["54"]))
    (3, 0)
    """
    if head in of_any:
        return list(OrganisationKind)
    return [kind for kind, heads in by_kind.items() if head in heads]


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
