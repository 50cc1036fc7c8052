"""The states of an import. Pure."""

from enum import IntEnum


class ImportState(IntEnum):
    RUNNING = 1
    DONE = 2
    CANCELLED = 3
