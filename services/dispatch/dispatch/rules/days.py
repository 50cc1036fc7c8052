"""When a day is planned. Days are policy days, Asia/Shanghai."""

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

SHANGHAI = ZoneInfo("Asia/Shanghai")


def planning_instant(day: date, hour: int) -> datetime:
    """When a day is planned: at that local hour of the day before.

    >>> planning_instant(date(2026, 3, 3), 18).isoformat()
    '2026-03-02T10:00:00+00:00'
    """
    return datetime.combine(day - timedelta(days=1), time(hour), SHANGHAI).astimezone(UTC)


def day_to_plan(now: datetime, hour: int) -> date:
    """The day whose planning instant was the last one to pass.

    >>> day_to_plan(datetime(2026, 3, 2, 10, 0, tzinfo=UTC), 18), day_to_plan(datetime(2026, 3, 2, 9, 59, tzinfo=UTC), 18)
    (datetime.date(2026, 3, 3), datetime.date(2026, 3, 2))
    """
    here = now.astimezone(SHANGHAI)
    return here.date() + timedelta(days=here.hour >= hour)


def next_planning(now: datetime, hour: int) -> datetime:
    """The first planning instant after now.

    >>> next_planning(datetime(2026, 3, 2, 10, 0, tzinfo=UTC), 18).isoformat()
    '2026-03-03T10:00:00+00:00'
    """
    return planning_instant(day_to_plan(now, hour) + timedelta(days=1), hour)
