"""The states of an application, which of them are open, and until when a result is due. Pure."""

from calendar import SATURDAY
from collections.abc import Collection, Mapping
from datetime import date, timedelta
from enum import IntEnum, StrEnum


class Channel(IntEnum):
    PORTAL = 1
    HOTLINE = 2
    MOBILE = 3
    TERMINAL = 4
    PLATFORM = 5


class AssessmentReason(IntEnum):
    FIRST = 1
    ROUTINE = 2
    IMMEDIATE = 3
    REVIEW = 4
    OTHER = 5


class ApplicationState(IntEnum):
    SUBMITTED = 1
    ASSIGNED = 2
    ASSESSED = 3
    APPROVED = 4
    APPEALED = 5
    WITHDRAWN = 6
    REJECTED = 7


class Duty(StrEnum):
    """What is done in a case by people who do nothing else in it."""

    REGISTERING = "registering"
    ASSIGNING = "assigning"
    ASSESSING = "assessing"
    APPROVING = "approving"


OPEN = frozenset({ApplicationState.SUBMITTED, ApplicationState.ASSIGNED, ApplicationState.ASSESSED})
WAITING = frozenset({ApplicationState.SUBMITTED, ApplicationState.ASSIGNED})


def other_duty(
    subject: str, duty: Duty, done_by: Mapping[Duty, Collection[str | None]]
) -> Duty | None:
    """Another duty than this one that somebody did in a case already.

    done_by: subjects by duty; None where nobody is known.

    >>> done_by = {Duty.REGISTERING: [None, "li"], Duty.ASSIGNING: ["wang"]}
    >>> [other_duty(subject, Duty.ASSIGNING, done_by) for subject in ("li", "wang", "zhao")]
    [<Duty.REGISTERING: 'registering'>, None, None]
    """
    others = (before for before, subjects in done_by.items() if subject in subjects)
    return next((before for before in others if before is not duty), None)


def is_working_day(day: date, holidays: Collection[date], workdays: Collection[date]) -> bool:
    """Monday to Friday without holidays, and the weekend days that are worked instead."""
    return day in workdays or (day.weekday() < SATURDAY and day not in holidays)


def result_due_on(
    submitted_on: date, term: int, holidays: Collection[date], workdays: Collection[date]
) -> date:
    """The last day on which a result comes in time: the day before the first working day after the
    term. term: working days, the day of the application not counted.

    >>> friday = date(2026, 3, 6)
    >>> result_due_on(friday, 1, (), ()), result_due_on(friday, 5, (), ())
    (datetime.date(2026, 3, 9), datetime.date(2026, 3, 15))
    """
    day, passed = submitted_on, 0
    while passed <= term:
        day += timedelta(days=1)
        passed += is_working_day(day, holidays, workdays)
    return day - timedelta(days=1)
