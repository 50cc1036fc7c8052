"""Months as numbers that can be added and compared: year × 12 + month − 1."""

from calendar import monthrange
from datetime import date, datetime, timedelta, timezone
from functools import lru_cache

YEAR = 12
# no summer time since 1991, so every month begins on a whole hour of UTC
_SHANGHAI = timezone(timedelta(hours=8))
# of the calendar in Asia/Shanghai, since 1970 in UTC
_AHEAD_S, _DAY_S = 8 * 3600, 86_400
_FIRST_DAY, _LAST_DAY = date(1970, 1, 1).toordinal(), date.max.toordinal()
_LAST_HOUR = int(datetime.max.replace(microsecond=0, tzinfo=_SHANGHAI).timestamp()) // 3600


def of_text(text: str) -> int:
    """The month of `YYYY-MM` or `YYYY-MM-DD`.

    >>> of_text("2026-03"), of_text("2026-03-31") - of_text("2026-02-01")
    (24314, 1)
    """
    return int(text[:4]) * YEAR + int(text[5:7]) - 1


def text(month: int) -> str:
    """`YYYY-MM`.

    >>> text(24314)
    '2026-03'
    """
    return f"{month // YEAR:04d}-{month % YEAR + 1:02d}"


def of_day(day: date) -> int:
    """The month that holds a day."""
    return day.year * YEAR + day.month - 1


def last_day(month: int) -> date:
    """The last day of a month.

    >>> last_day(of_text("2026-02")).isoformat()
    '2026-02-28'
    """
    year, before = divmod(month, YEAR)
    return date(year, before + 1, monthrange(year, before + 1)[1])


def after(day_text: str) -> int:
    """The first month whose last day lies after a day `YYYY-MM-DD`; behind the last day of the
    calendar, a month that never begins.

    >>> text(after("2026-03-31")), text(after("2026-03-30"))
    ('2026-04', '2026-03')
    >>> after("9999-12-31") - of_text("9999-12")
    1
    """
    day = date.fromisoformat(day_text)
    return of_day(day) + (day.day == monthrange(day.year, day.month)[1])


def of_seconds(seconds: int) -> int:
    """The month in Asia/Shanghai that holds an instant; the last month of the calendar holds what
    lies behind it. seconds: since 1970, UTC.

    >>> text(of_seconds(1772294399)), text(of_seconds(1772294400))
    ('2026-02', '2026-03')
    """
    return _of_hour(seconds // 3600)


@lru_cache(maxsize=100_000)
def _of_hour(hour: int) -> int:
    return of_day(datetime.fromtimestamp(min(hour, _LAST_HOUR) * 3600, _SHANGHAI).date())


def day_of_seconds(seconds: int) -> int:
    """The day in Asia/Shanghai that holds an instant, as `date.toordinal` counts. seconds: since
    1970, UTC.

    >>> date.fromordinal(day_of_seconds(1772294400)).isoformat()
    '2026-03-01'
    """
    return min((seconds + _AHEAD_S) // _DAY_S, _LAST_DAY - _FIRST_DAY) + _FIRST_DAY


@lru_cache(maxsize=10_000)
def of_ordinal(day: int) -> int:
    """The month that holds a day, as `date.toordinal` counts."""
    return of_day(date.fromordinal(day))


def first_second(month: int) -> int:
    """Seconds since 1970 at which a month begins in Asia/Shanghai.

    >>> first_second(of_text("2026-03"))
    1772294400
    """
    return int(datetime(month // YEAR, month % YEAR + 1, 1, tzinfo=_SHANGHAI).timestamp())
