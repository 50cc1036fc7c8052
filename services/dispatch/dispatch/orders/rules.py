"""What an order's states, times and positions mean. Pure: values in, values out.

Days are policy days, Asia/Shanghai.
"""

import math
from datetime import UTC, date, datetime, time, timedelta
from enum import IntEnum
from typing import NamedTuple
from zoneinfo import ZoneInfo

SHANGHAI = ZoneInfo("Asia/Shanghai")
EARTH_M = 6_371_008.8  # mean radius (IUGG)


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


class ReceiptMethod(IntEnum):
    """ShareReceipted.Method."""

    CASH = 1
    TRANSFER = 2
    MOBILE = 3


class BackEntryState(IntEnum):
    """What became of a visit that was told after its order had ended; BackEntry.State."""

    PENDING = 1
    APPROVED = 2
    REJECTED = 3


OPEN = (State.PLACED, State.ASSIGNED, State.ACCEPTED)  # nobody has come yet, somebody still may
EXPECTED = (State.RESERVING, *OPEN)  # also those that are not published yet
OFFERED = (State.ASSIGNED, State.ACCEPTED)
BOUND = (State.ASSIGNED, State.ACCEPTED, State.IN_SERVICE, State.DONE)  # takes a worker's time


class GeoPoint(NamedTuple):
    """A position in degrees WGS-84."""

    lon: float
    lat: float


def late_min(arrived_at: datetime, wanted_to: datetime) -> int:
    """Minutes of arrival after the window's end, begun minutes count whole; 0 or negative: in time.

    >>> end = datetime(2026, 3, 2, 10, 0, tzinfo=UTC)
    >>> [late_min(end + timedelta(seconds=seconds), end) for seconds in (-90, 0, 1, 60, 61)]
    [-1, 0, 1, 1, 2]
    """
    return math.ceil((arrived_at - wanted_to) / timedelta(minutes=1))


def outside_min(arrived_at: datetime, wanted_from: datetime, wanted_to: datetime) -> int:
    """Minutes of arrival outside a window: negative before it, positive after it; begun minutes
    count whole.

    >>> nine, ten = (datetime(2026, 3, 2, hour, 0, tzinfo=UTC) for hour in (9, 10))
    >>> late = [ten + timedelta(seconds=seconds) for seconds in (0, 61)]
    >>> [outside_min(at, nine, ten) for at in (nine - timedelta(seconds=61), nine, *late)]
    [-2, 0, 0, 2]
    """
    if arrived_at < wanted_from:
        return -late_min(wanted_from, arrived_at)
    return max(0, late_min(arrived_at, wanted_to))


def whole_min(begin: datetime, end: datetime) -> int:
    """Minutes between two instants, rounded down.

    >>> begin = datetime(2026, 3, 2, 10, 0, tzinfo=UTC)
    >>> whole_min(begin, datetime(2026, 3, 2, 10, 29, 59, tzinfo=UTC))
    29
    """
    return (end - begin) // timedelta(minutes=1)


def is_suspended(first: date | None, until: date | None, day: date) -> bool:
    """Whether a day lies in a suspension.

    first: its first day; None: there is none. until: the first day after it; None: no end is known.

    >>> monday, friday = date(2026, 3, 2), date(2026, 3, 6)
    >>> [is_suspended(monday, friday, day) for day in (monday, friday)]
    [True, False]
    """
    return first is not None and first <= day and (until is None or day < until)


def answer_by(offered_at: datetime, wanted_to: datetime, patience: timedelta) -> datetime:
    """Until when a worker may answer an offer: never beyond the window."""
    return min(offered_at + patience, wanted_to)


def is_long_enough(wanted_from: datetime, wanted_to: datetime, least: timedelta) -> bool:
    """True where a window leaves the plan some freedom."""
    return wanted_to - wanted_from >= least


class Window(NamedTuple):
    """When a visit may begin, and how long it takes."""

    wanted_from: datetime
    wanted_to: datetime
    planned_min: int


def share_hours(one: Window, other: Window) -> bool:
    """True where both visits may begin at one instant; a window may begin as another ends."""
    return one.wanted_from < other.wanted_to and other.wanted_from < one.wanted_to


def must_overlap(one: Window, other: Window) -> bool:
    """True where neither visit can be over in time for the other.

    >>> nine = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
    >>> half, two = (Window(nine, nine + timedelta(minutes=length), 60) for length in (30, 120))
    >>> must_overlap(half, half), must_overlap(half, two), must_overlap(two, two)
    (True, False, False)
    """

    def follows(first: Window, second: Window) -> bool:
        over_at = first.wanted_from + timedelta(minutes=first.planned_min)
        return over_at <= second.wanted_to

    return not follows(one, other) and not follows(other, one)


def planning_instant(day: date, hour: int) -> datetime:
    """When a day is planned: at that local hour of the day before.

    >>> planning_instant(date(2026, 3, 3), 18).isoformat()
    '2026-03-02T10:00:00+00:00'
    """
    return datetime.combine(day - timedelta(days=1), time(hour), SHANGHAI).astimezone(UTC)


def day_to_plan(now: datetime, hour: int) -> date:
    """The day whose planning instant was the last one to pass.

    >>> day_to_plan(datetime(2026, 3, 2, 10, 0, tzinfo=UTC), 18)
    datetime.date(2026, 3, 3)
    >>> day_to_plan(datetime(2026, 3, 2, 9, 59, tzinfo=UTC), 18)
    datetime.date(2026, 3, 2)
    """
    here = now.astimezone(SHANGHAI)
    return here.date() + timedelta(days=here.hour >= hour)


def next_planning(now: datetime, hour: int) -> datetime:
    """The first planning instant after now.

    >>> next_planning(datetime(2026, 3, 2, 10, 0, tzinfo=UTC), 18).isoformat()
    '2026-03-03T10:00:00+00:00'
    """
    return planning_instant(day_to_plan(now, hour) + timedelta(days=1), hour)


def distance_m(a: GeoPoint | None, b: GeoPoint | None) -> int | None:
    """Metres along the great circle, rounded; None where a position is not known.

    >>> distance_m(GeoPoint(118.3, 32.3), GeoPoint(118.3, 32.31))
    1112
    >>> distance_m(None, GeoPoint(118.3, 32.3)) is None
    True
    """
    if a is None or b is None:
        return None
    return round(great_circle_m(a, b))


def great_circle_m(a: GeoPoint, b: GeoPoint) -> float:
    """Metres along the great circle (haversine)."""
    north = math.radians(b.lat - a.lat)
    east = math.radians(b.lon - a.lon)
    parallels = math.cos(math.radians(a.lat)) * math.cos(math.radians(b.lat))
    half = math.sin(north / 2) ** 2 + parallels * math.sin(east / 2) ** 2
    return 2 * EARTH_M * math.asin(math.sqrt(half))
