"""Decides whose file is complete, and since when hardships hold; the nominal sets of an elder's
state. Pure.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from enum import IntEnum
from typing import Any


class Sex(IntEnum):
    MALE = 1
    FEMALE = 2


class Living(IntEnum):
    ALONE = 1
    SPOUSE_ONLY = 2
    WITH_FAMILY = 3
    LEFT_BEHIND = 4
    INSTITUTION = 5


class Hardship(IntEnum):
    DIBAO = 1
    TEKUN = 2
    DIBAO_EDGE = 3
    LOW_INCOME = 4
    SEVERELY_HANDICAPPED = 5
    PLANNED_FAMILY_SPECIAL = 6


class Status(IntEnum):
    ALIVE = 1
    DEAD = 2
    MOVED_OUT = 3


def is_complete(
    *,
    id_number: object,
    phone: object,
    address: object,
    contact_name: object,
    contact_phone: object,
) -> bool:
    """True where ID number, address, phone and a contact person (name and phone) are all known."""
    return all((id_number, phone, address, contact_name, contact_phone))


@dataclass(frozen=True, slots=True)
class HardshipPeriod:
    """The days on which an elder belongs to a group: [since_on, until_on).

    since_on: None where it was not recorded; until_on: None while it holds. document: that grants
    it.
    """

    hardship: int
    since_on: date | None
    until_on: date | None = None
    document: str = ""


def periods_after(
    periods: Sequence[HardshipPeriod],
    *,
    added: Collection[int],
    removed: Collection[int],
    on: date,
    document: str,
) -> list[HardshipPeriod]:
    """The periods once groups are added and removed from a day on.

    Removed on its first day or before it: it held on no day, and says so. Added on a day that a
    period holds, or before it: that period begins, and lasts, as is said now.

    >>> march, may = date(2026, 3, 1), date(2026, 5, 1)
    >>> known = periods_after([], added=[1], removed=[], on=may, document="A")
    >>> earlier = periods_after(known, added=[1], removed=[], on=march, document="B")
    >>> [(one.since_on, one.document) for one in earlier]
    [(datetime.date(2026, 3, 1), 'B')]
    >>> [one.until_on for one in periods_after(earlier, added=[], removed=[1], on=may, document="")]
    [datetime.date(2026, 5, 1)]
    >>> [never] = periods_after(known, added=[], removed=[1], on=march, document="")
    >>> never.since_on == never.until_on == may
    True
    """
    found: list[HardshipPeriod] = []
    for one in periods:
        if one.hardship in removed:
            end = on if one.since_on is None else max(on, one.since_on)
            found.append(one if _ended_by(one, end) else replace(one, until_on=end))
        elif one.hardship not in added or _ended_by(one, on):
            found.append(one)
    for hardship in sorted(added):
        holding = [one for one in periods if one.hardship == hardship and not _ended_by(one, on)]
        found.append(_added(hardship, holding, on, document))
    recorded = {one.hardship for one in periods}
    found.extend(HardshipPeriod(one, None, on) for one in sorted(set(removed) - recorded))
    return found


def _added(
    hardship: int, holding: Sequence[HardshipPeriod], on: date, document: str
) -> HardshipPeriod:
    """One period in the place of those that hold on a day or later."""
    for one in holding:
        if one.since_on is None or one.since_on < on:
            return replace(one, until_on=None, document=document or one.document)
    return HardshipPeriod(hardship, on, None, document)


def _ended_by(period: HardshipPeriod, day: date) -> bool:
    return period.until_on is not None and period.until_on <= day


def stored(periods: Sequence[HardshipPeriod]) -> list[dict[str, Any]]:
    """Periods as a row keeps them, days as text."""
    return [
        {
            "hardship": int(one.hardship),
            "since_on": one.since_on and one.since_on.isoformat(),
            "until_on": one.until_on and one.until_on.isoformat(),
            "document_number": one.document,
        }
        for one in periods
    ]


def periods_of(stored: Sequence[Mapping[str, Any]]) -> list[HardshipPeriod]:
    """Periods from how a row keeps them."""
    return [
        HardshipPeriod(
            one["hardship"],
            one["since_on"] and date.fromisoformat(one["since_on"]),
            one["until_on"] and date.fromisoformat(one["until_on"]),
            one["document_number"],
        )
        for one in stored
    ]
