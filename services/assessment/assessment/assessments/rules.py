"""Decides the level of ability and the days of the procedure. Pure."""

import re
from calendar import monthrange
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from enum import IntEnum

from assessment.applications.rules import is_working_day


class AssessmentState(IntEnum):
    PUBLIC = 1
    IN_FORCE = 2
    APPEALED = 3
    REPLACED = 4
    REJECTED = 5


DECIDED = (AssessmentState.IN_FORCE, AssessmentState.REJECTED)
# what the office of the place where the elder lives still has to do with
OF_AN_OFFICE = (AssessmentState.PUBLIC, *DECIDED)


class ChangeReason(IntEnum):
    COMA = 1
    MENTAL_DISORDER = 2
    RISK_EVENTS = 3


SELF_CARE = (
    "eating",
    "grooming",
    "bathing",
    "upper_clothing",
    "lower_clothing",
    "bladder",
    "bowel",
    "toileting",
)
MOTOR = ("bed_position", "transfer", "walking", "stairs")
MENTAL = (
    "time_orientation",
    "space_orientation",
    "person_orientation",
    "memory",
    "understanding",
    "expression",
    "aggression",
    "depression",
    "consciousness",
)
SOCIAL = ("vision", "hearing", "daily_affairs", "transport", "social_contact")


_MENTAL = re.compile(r"F([0-9]{2})")  # chapter F of ICD-10, wherever in a pair of codes it stands


@dataclass(frozen=True, slots=True)
class Points:
    """Totals of the four domains: 0..32, 0..15, 0..28, 0..15; higher is better."""

    self_care_points: int
    motor_points: int
    mental_points: int
    social_points: int

    @property
    def total_points(self) -> int:
        """0..90."""
        return self.self_care_points + self.motor_points + self.mental_points + self.social_points


@dataclass(frozen=True, slots=True)
class Limits:
    """Numbers of GB/T 42195-2022, C.3 and C.4, of one day; `standards/ability.yaml` tells what each
    means.
    """

    cuts: Sequence[int]
    worst_level: int
    risk_events: int
    stack: bool
    dementia: Sequence[int]
    mental_disorder: Sequence[int]


@dataclass(frozen=True, slots=True)
class Result:
    """What the 26 answers and the flags lead to."""

    points: Points
    preliminary_level: int
    level: int
    change_reasons: tuple[ChangeReason, ...]


def points_of(answers: Mapping[str, int]) -> Points:
    """Adds the 26 items by domain.

    answers: points by item, all 26. Raises: KeyError for a missing item, which is no result and
    never a zero.
    Source: GB/T 42195-2022, B.1 to B.4.
    """
    return Points(
        self_care_points=sum(answers[item] for item in SELF_CARE),
        motor_points=sum(answers[item] for item in MOTOR),
        mental_points=sum(answers[item] for item in MENTAL),
        social_points=sum(answers[item] for item in SOCIAL),
    )


def level_of(total: int, cuts: Sequence[int]) -> int:
    """Grades a total (初步等级): 0 intact .. 4 total loss.

    total: 0..90 points. cuts: least points of levels 0, 1, 2, 3.
    Source: GB/T 42195-2022, C.3.

    >>> [level_of(total, (90, 66, 46, 30)) for total in (90, 89, 66, 65, 46, 45, 30, 29, 0)]
    [0, 1, 1, 2, 2, 3, 3, 4, 4]
    """
    return next((level for level, least in enumerate(cuts) if total >= least), len(cuts))


def change_reasons(
    *,
    coma: bool,
    diagnoses: Collection[str],
    psychiatrist_diagnosed: bool,
    risk_events: int,
    limits: Limits,
) -> tuple[ChangeReason, ...]:
    """Which rules worsen the level (能力等级变更依据); all that apply, in the order of the norm.

    diagnoses: ICD-10 codes, of cause and manifestation also two in one text. risk_events: of the
    last 30 days, all kinds together.
    Source: GB/T 42195-2022, C.4.
    """
    chapters = [int(chapter) for code in diagnoses for chapter in _MENTAL.findall(code)]
    demented = any(_between(chapter, limits.dementia) for chapter in chapters)
    disordered = psychiatrist_diagnosed and any(
        _between(chapter, limits.mental_disorder) for chapter in chapters
    )
    found = {
        ChangeReason.COMA: coma,
        ChangeReason.MENTAL_DISORDER: demented or disordered,
        ChangeReason.RISK_EVENTS: risk_events >= limits.risk_events,
    }
    return tuple(reason for reason, applies in found.items() if applies)


def level_after_change(
    level: int, reasons: Collection[ChangeReason], *, stack: bool, worst: int
) -> int:
    """Worsens a level (最终等级): coma gives the worst at once, any other reason one step, never
    beyond the worst.

    stack: whether two reasons make two steps; the norm does not say so (standards/ability.yaml:
    stack).
    Source: GB/T 42195-2022, C.4 and C.5.

    >>> two = [ChangeReason.MENTAL_DISORDER, ChangeReason.RISK_EVENTS]
    >>> level_after_change(0, two, stack=False, worst=4)
    1
    >>> level_after_change(0, two, stack=True, worst=4)
    2
    >>> level_after_change(4, two, stack=True, worst=4)
    4
    >>> level_after_change(0, [ChangeReason.COMA], stack=False, worst=4)
    4
    """
    if ChangeReason.COMA in reasons:
        return worst
    steps = len(set(reasons)) if stack else min(1, len(reasons))
    return min(worst, level + steps)


def result_of(
    answers: Mapping[str, int],
    *,
    coma: bool,
    diagnoses: Collection[str],
    psychiatrist_diagnosed: bool,
    risk_events: int,
    limits: Limits,
) -> Result:
    """The whole norm: totals, preliminary level, reasons, final level.

    Source: GB/T 42195-2022, appendices B and C.
    """
    points = points_of(answers)
    preliminary = level_of(points.total_points, limits.cuts)
    reasons = change_reasons(
        coma=coma,
        diagnoses=diagnoses,
        psychiatrist_diagnosed=psychiatrist_diagnosed,
        risk_events=risk_events,
        limits=limits,
    )
    level = level_after_change(preliminary, reasons, stack=limits.stack, worst=limits.worst_level)
    return Result(points, preliminary, level, reasons)


def working_days(
    first: date, last: date, holidays: Collection[date], workdays: Collection[date]
) -> int:
    """Working days from one day to a later one, the first not counted; 0 where the last does not
    lie later.

    holidays: weekdays that are off. workdays: weekend days that are worked.

    >>> friday = date(2026, 3, 6)
    >>> monday = date(2026, 3, 9)
    >>> working_days(friday, monday, (), ())
    1
    >>> working_days(friday, friday, (), ())
    0
    >>> working_days(friday, monday, (monday,), ())
    0
    """
    later = (first + timedelta(days=step) for step in range(1, (last - first).days + 1))
    return sum(is_working_day(day, holidays, workdays) for day in later)


def missing_years(first: date, last: date, known: Collection[int]) -> list[int]:
    """The years between two days whose holidays nobody has published.

    >>> missing_years(date(2026, 12, 30), date(2027, 1, 5), [2025, 2026])
    [2027]
    """
    return [year for year in range(first.year, last.year + 1) if year not in known]


def months_later(day: date, months: int) -> date:
    """The same day of a later month; the first of the next month where that month is too short.

    >>> months_later(date(2026, 3, 10), 12), months_later(date(2024, 2, 29), 12)
    (datetime.date(2027, 3, 10), datetime.date(2025, 3, 1))
    """
    first = day.replace(day=1)
    for _ in range(months):
        first += timedelta(days=_length(first))
    return first + timedelta(days=min(day.day - 1, _length(first)))


def _between(value: int, bounds: Sequence[int]) -> bool:
    first, last = bounds
    return first <= value <= last


def _length(month: date) -> int:
    return monthrange(month.year, month.month)[1]
