"""Kinds and states of a dated fact about an elder, and of the documents behind it. Pure."""

from enum import IntEnum


class LifeEventKind(IntEnum):
    DEATH = 1
    MOVED_OUT = 2
    ID_NUMBER = 3


class LifeEventState(IntEnum):
    REPORTED = 1
    IN_FORCE = 2
    REJECTED = 3
    CORRECTED = 4
    REVOKED = 5
    OVER = 6


class DocumentKind(IntEnum):
    DEATH_CERTIFICATE = 1
    CREMATION_CERTIFICATE = 2
    REGISTER_CANCELLATION = 3
    COURT_DECISION = 4
    HOUSEHOLD_REGISTER = 5
    IDENTITY_CARD = 6
    RESIDENCE_CERTIFICATE = 7
    EXCHANGE_FILE = 8
    HOME_CHECK = 9
