"""The nominal sets of a facility. Pure."""

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
