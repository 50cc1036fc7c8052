"""The norms' numbers can be read for any day a city may ask for."""

from datetime import date

import pytest

from assessment.assessments.flows import limits
from assessment.assessments.rules import is_working_day
from assessment.limits import calendar


def test_the_limits_of_the_norm():
    of_the_norm = limits(date(2026, 3, 2))

    assert (
        of_the_norm.cuts,
        of_the_norm.worst_level,
        of_the_norm.risk_events,
        of_the_norm.stack,
    ) == (
        [90, 66, 46, 30],
        4,
        2,
        False,
    )


@pytest.mark.parametrize(
    ("day", "worked"),
    [
        (date(2026, 2, 17), False),
        (date(2026, 2, 14), True),
        (date(2025, 10, 8), False),
        (date(2025, 10, 11), True),
        (date(2026, 3, 2), True),
        (date(2026, 3, 1), False),
        (date(2031, 1, 1), True),
    ],
)
def test_holidays_and_days_worked_instead(day: date, worked: bool):
    first = date(day.year, 1, 1)

    assert (
        is_working_day(
            day,
            calendar(first).holidays,
            calendar(first).workdays,
        )
        is worked
    )


def test_every_listed_holiday_is_a_weekday_and_every_day_worked_is_a_weekend():
    for year in (2025, 2026):
        first = date(year, 1, 1)
        assert all(day.weekday() < 5 and day.year == year for day in calendar(first).holidays)
        assert all(day.weekday() >= 5 and day.year == year for day in calendar(first).workdays)
