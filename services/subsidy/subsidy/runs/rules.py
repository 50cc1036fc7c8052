"""Which month and which day a run or a voucher belongs to. Pure."""

from calendar import day_name, monthrange
from datetime import date, timedelta


def month_of(day: date) -> str:
    """The month of a day, `YYYY-MM`.

    >>> month_of(date(2026, 3, 31))
    '2026-03'
    """
    return day.isoformat()[: -len("-DD")]


def first_day(month: str) -> date:
    """First day of a month.

    >>> first_day("2026-03")
    datetime.date(2026, 3, 1)
    """
    return date.fromisoformat(f"{month}-01")


def month_after(month: str) -> str:
    """The month that follows.

    >>> [month_after(month) for month in ("2026-01", "2026-12")]
    ['2026-02', '2027-01']
    """
    first = first_day(month)
    return month_of(first + timedelta(days=monthrange(first.year, first.month)[1]))


def january(month: str) -> str:
    """The first month of a month's year.

    >>> january("2026-03")
    '2026-01'
    """
    return f"{month[: len('YYYY')]}-01"


def pay_day(month: str, day: int) -> date:
    """The day of a month on which its cash is paid; its last day where the month is shorter.

    >>> [pay_day("2026-02", day) for day in (10, 31)]
    [datetime.date(2026, 2, 10), datetime.date(2026, 2, 28)]
    """
    first = first_day(month)
    return first.replace(day=min(day, monthrange(first.year, first.month)[1]))


def weekday_after(day: date, weekday: int) -> date:
    """The next day after this one that is the given day of the week, 1 Monday .. 7 Sunday.

    >>> weekday_after(date(2026, 3, 6), 5), weekday_after(date(2026, 3, 7), 5)
    (datetime.date(2026, 3, 13), datetime.date(2026, 3, 13))
    """
    return next(
        later
        for ahead in range(1, len(day_name) + 1)
        if (later := day + timedelta(days=ahead)).isoweekday() == weekday
    )
