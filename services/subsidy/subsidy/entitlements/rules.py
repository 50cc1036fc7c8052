"""The states of an entitlement. Pure."""

from enum import IntEnum


class State(IntEnum):
    """Entitlement.State."""

    OPEN = 1
    REFUSED = 2
    CLOSED = 3
