"""Decides when a stay ends by death. Pure."""

from datetime import date, timedelta


def end_by_death(began_on: date, died_on: date) -> date:
    """The first day without an elder who died: the day after, since the day of death is still a
    bed-day.

    A death that turns out to lie before the admission leaves a stay without any day.

    >>> end_by_death(date(2026, 1, 1), date(2026, 1, 5))
    datetime.date(2026, 1, 6)
    >>> end_by_death(date(2026, 1, 9), date(2026, 1, 5))
    datetime.date(2026, 1, 9)
    """
    return max(began_on, died_on + timedelta(days=1))
