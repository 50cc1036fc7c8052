"""Decides when a stay ends by death. Pure."""

from datetime import date, timedelta


def end_by_death(began_on: date, died_on: date, discharged_on: date | None = None) -> date:
    """The first day without an elder who died: the day after, since the day of death is still a
    bed-day; or that of a discharge before.

    A death that turns out to lie before the admission leaves a stay without any day.

    >>> end_by_death(date(2026, 1, 1), date(2026, 1, 5))
    datetime.date(2026, 1, 6)
    >>> end_by_death(date(2026, 1, 9), date(2026, 1, 5))
    datetime.date(2026, 1, 9)
    >>> end_by_death(date(2026, 1, 1), date(2026, 1, 5), date(2026, 1, 3))
    datetime.date(2026, 1, 3)
    """
    ended_on = max(began_on, died_on + timedelta(days=1))
    return ended_on if discharged_on is None else min(ended_on, discharged_on)
