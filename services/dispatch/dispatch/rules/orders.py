"""When an order may change, and what its times mean."""

import math
from datetime import datetime, timedelta
from enum import IntEnum


class State(IntEnum):
    """The life of an order; the numbers are those of Order.State."""

    RESERVING = 1
    PLACED = 2
    ASSIGNED = 3
    ACCEPTED = 4
    IN_SERVICE = 5
    DONE = 6
    CANCELLED = 7


class Cause(IntEnum):
    """Why an order ended without a visit; the numbers are those of OrderCancelled.Cause."""

    ELDER = 1
    DEATH = 2
    UNSERVED = 3
    MISSED = 4
    MOVED_OUT = 5


OPEN = (State.PLACED, State.ASSIGNED, State.ACCEPTED)  # nobody has come yet, somebody still may
EXPECTED = (State.RESERVING, *OPEN)  # also those that nobody has heard of yet
OFFERED = (State.ASSIGNED, State.ACCEPTED)
BOUND = (State.ASSIGNED, State.ACCEPTED, State.IN_SERVICE, State.DONE)  # takes a worker's time


def late_min(arrived_at: datetime, wanted_to: datetime) -> int:
    """Minutes of arrival after the window's end, begun minutes count whole; 0 or negative: in time.

    >>> from datetime import UTC
    >>> end = datetime(2026, 3, 2, 10, 0, tzinfo=UTC)
    >>> [late_min(end + timedelta(seconds=seconds), end) for seconds in (-90, 0, 1, 60, 61)]
    [-1, 0, 1, 1, 2]
    """
    return math.ceil((arrived_at - wanted_to) / timedelta(minutes=1))


def whole_min(begin: datetime, end: datetime) -> int:
    """Minutes between two instants, rounded down.

    >>> from datetime import UTC
    >>> whole_min(datetime(2026, 3, 2, 10, 0, tzinfo=UTC), datetime(2026, 3, 2, 10, 29, 59, tzinfo=UTC))
    29
    """
    return (end - begin) // timedelta(minutes=1)


def answer_by(offered_at: datetime, wanted_to: datetime, patience: timedelta) -> datetime:
    """Until when a worker may answer an offer: never beyond the window."""
    return min(offered_at + patience, wanted_to)


def is_long_enough(wanted_from: datetime, wanted_to: datetime, least: timedelta) -> bool:
    """True where a window leaves the plan some freedom."""
    return wanted_to - wanted_from >= least
