"""Which day and month a run belongs to: laws over all days."""

from datetime import date, timedelta

from hypothesis import given
from hypothesis import strategies as st

from subsidy.runs import rules


@given(st.dates(date(2026, 1, 1), date(2099, 12, 31)), st.integers(1, 7))
def test_the_next_weekday_lies_at_most_a_week_ahead(day, weekday):
    later = rules.weekday_after(day, weekday)

    assert later.isoweekday() == weekday
    assert timedelta(0) < later - day <= timedelta(days=7)


@given(st.dates(date(2026, 1, 1), date(2099, 12, 1)))
def test_months_follow_each_other_without_gap(day):
    month = rules.month_of(day)
    following = rules.month_after(month)

    assert month < following
    assert rules.month_of(rules.first_day(following) - timedelta(days=1)) == month
