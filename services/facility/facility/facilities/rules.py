"""The nominal sets of a facility. Pure."""

import unicodedata
from enum import IntEnum


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


def same_name(one: str, other: str) -> bool:
    """True where two names are read as one: blanks, punctuation, width and case are left out.

    >>> same_name("琅琊区养老中心（一）", "琅琊区 养老中心(一)"), same_name("一院", "二院")
    (True, False)
    """
    return _letters(one) == _letters(other)


def _letters(name: str) -> str:
    folded = unicodedata.normalize("NFKC", name).casefold()
    return "".join(character for character in folded if character.isalnum())
