"""The states of an application, and which of them are open. Pure."""

from enum import IntEnum


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


OPEN = frozenset({ApplicationState.SUBMITTED, ApplicationState.ASSIGNED, ApplicationState.ASSESSED})
WAITING = frozenset({ApplicationState.SUBMITTED, ApplicationState.ASSIGNED})
