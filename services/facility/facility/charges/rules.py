"""Days and price of a month of a stay. Pure."""

from calendar import monthrange
from collections.abc import Iterator, Sequence
from datetime import date, timedelta
from enum import IntEnum
from fractions import Fraction
from typing import NamedTuple


class ChargeState(IntEnum):
    """StayCharge.State."""

    OPEN = 1
    APPROVED = 2
    REFUSED = 3


class PartMonth(IntEnum):
    """What a month costs of which the elder did not stay on all days."""

    BY_DAY = 1
    WHOLE = 2


class FeeFrom(NamedTuple):
    """monthly_fen: fen a month, from a day on."""

    valid_from: date
    monthly_fen: int


class DaysOfMonth(NamedTuple):
    """The days [first, end) of a stay in one month; none where they are equal."""

    month: str
    first: date
    end: date


def month_after(day: date) -> date:
    """The first day of the month after that of a day.

    >>> month_after(date(2026, 1, 31))
    datetime.date(2026, 2, 1)
    """
    return day.replace(day=1) + timedelta(days=monthrange(day.year, day.month)[1])


def months_over(began_on: date, ended_on: date | None, today: date) -> Iterator[DaysOfMonth]:
    """The months of a stay that are over, with its days in each. ended_on: first day without it.

    >>> [str(one.end) for one in months_over(date(2026, 1, 20), date(2026, 2, 3), date(2026, 3, 1))]
    ['2026-02-01', '2026-02-03']
    >>> list(months_over(date(2026, 2, 20), None, date(2026, 2, 28)))
    []
    """
    first = began_on
    while (end := month_after(first)) <= today and (ended_on is None or first < ended_on):
        yield DaysOfMonth(f"{first:%Y-%m}", first, end if ended_on is None else min(end, ended_on))
        first = end


def charged(fees: Sequence[FeeFrom], days: DaysOfMonth, rule: PartMonth) -> tuple[int, Fraction]:
    """How many days of a month of a stay have a fee, and what they come to: fen, not rounded yet.

    fees: of the facility, in any order; before the first one nothing is asked for.

    >>> fees = [FeeFrom(date(2026, 1, 1), 310_000), FeeFrom(date(2026, 1, 30), 620_000)]
    >>> part = DaysOfMonth("2026-01", date(2026, 1, 28), date(2026, 2, 1))
    >>> [str(charged(fees, part, rule)[1]) for rule in PartMonth]
    ['60000', '330000']
    >>> charged(fees, part._replace(end=part.first), PartMonth.WHOLE)
    (0, Fraction(0, 1))
    """
    stayed = _fees_of(fees, days.first, days.end)
    if not stayed:
        return 0, Fraction(0)
    begin = days.first.replace(day=1)
    end = month_after(begin)
    counted = stayed if rule is PartMonth.BY_DAY else _fees_of(fees, begin, end)
    return len(stayed), Fraction(sum(counted), (end - begin).days)


def _fees_of(fees: Sequence[FeeFrom], first: date, end: date) -> list[int]:
    """The monthly fee of each day in [first, end) that has one."""
    found = []
    for at in range((end - first).days):
        day = first + timedelta(days=at)
        begun = [fee for fee in fees if fee.valid_from <= day]
        if begun:
            found.append(max(begun).monthly_fen)
    return found
