"""What is known of an elder day by day, in whatever order it was stated. Pure."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from enum import IntEnum
from typing import NamedTuple


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
    """An approved level and the days it holds: [valid_from, valid_to).

    decided_on: the day of its approval.
    """

    level: int
    valid_from: date
    valid_to: date
    decided_on: date
    approved_at: datetime


@dataclass(frozen=True, slots=True)
class Period:
    """The days on which an elder belongs to a group of hardship: [since, until). since: None where
    that lies before anything known; until: None while it holds.
    """

    hardship: int
    since: date | None
    until: date | None = None

    def holds_on(self, day: date) -> bool:
        """Whether the elder belongs to it then."""
        return (self.since is None or self.since <= day) and (
            self.until is None or day < self.until
        )


class Residence(NamedTuple):
    """Where an elder lives from a day on, or that the elder is gone; since: None for the first."""

    since: date | None
    area_code: str
    status: Status


@dataclass(frozen=True, slots=True)
class Waiting:
    """An application is open: [since, until). until: None while it is."""

    since: date
    until: date | None


@dataclass(frozen=True, slots=True)
class History:
    """What is known of an elder by days; the order and the day in which it was told do not matter.

    residences: in their order, the first without a day. died_on: the last day. waiting: for a new
    level, in the order of their days.
    """

    residences: Sequence[Residence]
    periods: Sequence[Period] = ()
    levels: Sequence[ApprovedLevel] = ()
    waiting: Sequence[Waiting] = ()
    born_on: date | None = None
    died_on: date | None = None

    def residence_on(self, day: date) -> Residence:
        """Where the elder lives then."""
        return [one for one in self.residences if one.since is None or one.since <= day][-1]

    def status_on(self, day: date) -> Status:
        """Whether the elder is there then; on the day of death the elder was."""
        if self.died_on is not None and day > self.died_on:
            return Status.DEAD
        status = self.residence_on(day).status
        # of a release that kept no days: the death has its own
        return Status.ALIVE if status is Status.DEAD and self.died_on is not None else status

    def hardships_on(self, day: date) -> frozenset[int]:
        """The groups that the elder belongs to then."""
        return frozenset(one.hardship for one in self.periods if one.holds_on(day))

    def level_on(self, day: date) -> int | None:
        """The level in force then."""
        return level_on(self.levels, day)

    def edges(self) -> set[date]:
        """The days on which any of it becomes another."""
        found: set[date | None] = {one.since for one in self.residences}
        for period in self.periods:
            found |= {period.since, period.until}
        for level in self.levels:
            found |= {level.valid_from, level.valid_to, level.decided_on}
        if self.died_on is not None:
            found.add(self.died_on + timedelta(days=1))
        return {day for day in found if day is not None}


def lived_at(
    before: Sequence[Residence],
    there: Residence,
    *,
    gone_on: date | None,
    effective_on: date | None,
) -> list[Residence]:
    """The residences once an elder's state is told.

    there: as it says, since the day on which it was told. gone_on: first day outside the city.
    effective_on: since when the state holds, where it was told later: what was known of these days
    was wrong.

    >>> home, since = Residence(None, "A", Status.ALIVE), date(2026, 3, 1)
    >>> gone = Residence(date(2026, 5, 1), "A", Status.MOVED_OUT)
    >>> left = lived_at([home], gone, gone_on=since, effective_on=since)
    >>> [one.since for one in left]
    [None, datetime.date(2026, 3, 1)]
    >>> back = gone._replace(status=Status.ALIVE)
    >>> lived_at(left, back, gone_on=None, effective_on=since) == [home]
    True
    """
    if not before:
        return [there._replace(since=None)]
    known = list(before)
    since = effective_on or there.since
    if there.status is Status.MOVED_OUT:
        since = gone_on or there.since
        while len(known) > 1 and known[-1].status is Status.MOVED_OUT:
            known.pop()
    elif effective_on and known[-1][1:] != there[1:]:
        kept = [one for one in known if one.since is None or one.since < effective_on]
        known = kept or known[:1]
    if known[-1][1:] != there[1:]:
        known.append(there._replace(since=since))
    return known


def level_on(approved: Sequence[ApprovedLevel], day: date) -> int | None:
    """The level in force on a day: of those that hold then, the one approved last; None where none
    holds.

    One that is worth less than what held on a day counts from its approval on: until then the elder
    relied on the former. One that is worth more counts from the day of its assessment.

    >>> first = ApprovedLevel(
    ...     3, date(2026, 1, 1), date(2026, 7, 1), date(2026, 1, 9), datetime(2026, 1, 9))
    >>> second = ApprovedLevel(
    ...     1, date(2026, 3, 1), date(2026, 9, 1), date(2026, 3, 9), datetime(2026, 3, 9))
    >>> days = date(2025, 12, 31), date(2026, 1, 1), date(2026, 3, 8), date(2026, 3, 9)
    >>> [level_on([second, first], day) for day in (*days, date(2026, 9, 1))]
    [None, 3, 3, 1, None]
    """
    holding = sorted(
        (one for one in approved if one.valid_from <= day < one.valid_to),
        key=lambda one: one.approved_at,
    )
    before = [one.level for one in holding if one.decided_on <= day]
    later = [one.level for one in holding if one.decided_on > day]
    return max([*before[-1:], *later], default=None)


def bridged(levels: Sequence[ApprovedLevel], waiting: Sequence[Waiting]) -> list[ApprovedLevel]:
    """Levels without the gaps in which the next one was asked for in time and not there yet: that
    one holds from the end of the one before, however long the bureau took.

    >>> old = ApprovedLevel(
    ...     3, date(2025, 3, 1), date(2026, 3, 1), date(2025, 3, 9), datetime(2025, 3, 9))
    >>> new = ApprovedLevel(
    ...     2, date(2026, 3, 20), date(2027, 3, 20), date(2026, 4, 2), datetime(2026, 4, 2))
    >>> asked = Waiting(date(2026, 1, 5), date(2026, 4, 2))
    >>> [one.valid_from.isoformat() for one in bridged([old, new], [asked])]
    ['2025-03-01', '2026-03-01']
    >>> [one.valid_from.isoformat() for one in bridged([old, new], [])]
    ['2025-03-01', '2026-03-20']
    """
    found = []
    for one in levels:
        ends = [before.valid_to for before in levels if before.valid_to <= one.valid_from]
        gap = max(ends, default=None)
        if gap is not None and gap < one.valid_from and is_waiting(waiting, gap, one.valid_from):
            one = replace(one, valid_from=gap)
        found.append(one)
    return found


def is_waiting(waiting: Sequence[Waiting], since: date, until: date) -> bool:
    """Whether an application, or one after another, was open on each day of [since, until)."""
    reached = since
    for one in sorted(waiting, key=lambda one: one.since):
        if one.since <= reached:
            reached = max(reached, until if one.until is None else one.until)
    return reached >= until


def pending_since(history: History, day: date) -> date | None:
    """The day on which the last level ended, where none is in force and a new one was asked for
    before and is not decided; else None.
    """
    ends = [one.valid_to for one in history.levels if one.valid_to <= day]
    if not ends or history.level_on(day) is not None:
        return None
    ended = max(ends)
    open_now = [one for one in history.waiting if one.until is None or one.until > day]
    following = day + timedelta(days=1)
    return ended if open_now and is_waiting(history.waiting, ended, following) else None


def known_periods(
    before: Sequence[Period], stated: Sequence[Period], hardships: Collection[int], day: date
) -> list[Period]:
    """The periods of hardship once an elder's state is stated.

    stated: those that the state has; what it leaves open, and what it only names in `hardships`, is
    known since the first state that named it.
    day: of that state.

    >>> named = known_periods([], [], [1], date(2026, 3, 1))
    >>> [(one.since.day, one.until) for one in named]
    [(1, None)]
    >>> [one.until for one in known_periods(named, [], [], date(2026, 5, 1))]
    [datetime.date(2026, 5, 1)]
    """
    recorded = {one.hardship for one in stated}
    first: dict[int, date | None] = {}
    for one in before:
        first.setdefault(one.hardship, one.since)
    found = [
        one if one.since else replace(one, since=first.get(one.hardship, day)) for one in stated
    ]
    for one in before:
        if one.hardship not in recorded:
            ends = one.until is None and one.hardship not in hardships
            found.append(replace(one, until=day) if ends else one)
    open_now = {one.hardship for one in found if one.until is None}
    found.extend(Period(one, day) for one in sorted(set(hardships) - open_now))
    return found
