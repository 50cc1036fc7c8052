"""The states of an elder, as the assessment service counts them. Pure."""

from enum import IntEnum


class ElderStatus(IntEnum):
    ALIVE = 1
    DEAD = 2
    MOVED_OUT = 3
