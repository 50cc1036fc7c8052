"""The states of an application, and which of them are open. Pure."""

from collections.abc import Collection, Mapping
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
