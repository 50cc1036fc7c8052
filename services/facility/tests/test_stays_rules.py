"""When a stay ends by death: pure."""

import doctest
from datetime import date

from hypothesis import given
from hypothesis import strategies as st

from facility.stays import rules

DAYS = st.dates(date(2020, 1, 1), date(2030, 1, 1))


@given(began_on=DAYS, died_on=DAYS)
def test_a_stay_never_ends_before_it_began(began_on: date, died_on: date):
    ended_on = rules.end_by_death(began_on, died_on)

    assert ended_on >= began_on
    assert ended_on == began_on or (ended_on - died_on).days == 1


def test_the_examples_of_stays_run():
    assert doctest.testmod(rules).failed == 0
