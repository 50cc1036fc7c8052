"""Days, instants and months of the story, all in Shanghai. Pure."""

from datetime import date, datetime, time, timedelta

from kit.contracts.clock import SHANGHAI

START = date(2026, 1, 16)


def day_of(at: datetime) -> date:
    """The day in Shanghai."""
    return at.astimezone(SHANGHAI).date()


def month_of(at: date | datetime) -> str:
    """`YYYY-MM` in Shanghai."""
    if isinstance(at, datetime):
        at = at.astimezone(SHANGHAI)
    return f"{at:%Y-%m}"


def instant(day: date, at: time) -> datetime:
    """A local time of a day."""
    return datetime.combine(day, at, SHANGHAI)


def days_between(first: date, last: date) -> list[date]:
    """Both included."""
    return [first + timedelta(days=number) for number in range((last - first).days + 1)]


def next_month_begins(month: str) -> date:
    """The first day of the month after `YYYY-MM`."""
    year, number = map(int, month.split("-"))
    return date(year + number // 12, number % 12 + 1, 1)
