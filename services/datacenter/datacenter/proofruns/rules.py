"""The states of a run. Pure."""

from enum import IntEnum


class RunState(IntEnum):
    WAITING = 1
    RUNNING = 2
    DONE = 3
    FAILED = 4
    CANCELLED = 5


OPEN = frozenset({RunState.WAITING, RunState.RUNNING})
