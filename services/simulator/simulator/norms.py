"""The numbers of norms and policies as the city knows them; written down a second time in
`standards/`, never asked of the platform.
"""

from datetime import date, datetime, time, timedelta
from functools import cache

from kit.contracts import standards
from kit.contracts.clock import SHANGHAI

FEN = 100  # in a yuan


def number(path: str, on: date) -> float:
    """The number of "file.key" in force on a day."""
    return _standards().standard(path).read(float, on)


def whole(path: str, on: date) -> int:
    """The whole number of "file.key" in force on a day."""
    return _standards().standard(path).read(int, on)


def days(path: str, on: date) -> frozenset[date]:
    """The days of "file.key" in force on a day."""
    return _standards().standard(path).read(frozenset[date], on)


def public_until(completed_on: date) -> datetime:
    """The end of the last day of publicity; the day of the result is not counted.

    >>> public_until(date(2026, 1, 20)).isoformat()
    '2026-01-28T00:00:00+08:00'
    """
    public_days = whole("procedure.publicity_days", completed_on)
    return datetime.combine(completed_on + timedelta(days=1 + public_days), time(), SHANGHAI)


def valid_to(assessed_on: date) -> date:
    """The first day on which a result does not hold any more: the same day some months later,
    however long the approval took; the day after where that month has no such day.

    >>> valid_to(date(2026, 1, 20)).isoformat(), valid_to(date(2026, 8, 30)).isoformat()
    ('2026-07-20', '2027-03-01')
    """
    months = assessed_on.month - 1 + whole("procedure.validity_months", assessed_on)
    year, month = assessed_on.year + months // 12, months % 12 + 1
    try:
        return date(year, month, assessed_on.day)
    except ValueError:
        return date(year + month // 12, month % 12 + 1, 1)


def reassess_on(ends_on: date) -> date:
    """The day on which another level is asked for before one ends."""
    return ends_on - timedelta(days=whole("procedure.reassessment_lead_days", ends_on))


def cash_fen(level: int, on: date) -> int:
    """A month's home-care subsidy, by level."""
    tiers = _standards().standard("policies.home_care_yuan").read(dict[int, int], on)
    return tiers[level] * FEN


def voucher_fen(on: date) -> int:
    """A month's voucher."""
    return whole("policies.voucher_yuan", on) * FEN


def working_days(first: date, last: date) -> int:
    """Working days from one day to a later one, the first not counted; the spring festival of 2026
    is 16 to 20 and 23 February.

    >>> [working_days(date(2026, 1, 16), date(2026, 2, day)) for day in (6, 9, 14, 24)]
    [15, 16, 21, 22]
    """
    holidays = days("procedure.holidays", first)
    workdays = days("procedure.workdays", first)
    passed = [first + timedelta(days=number) for number in range(1, (last - first).days + 1)]
    return sum(day in workdays or (day.isoweekday() <= 5 and day not in holidays) for day in passed)


def assessed_in_time(applied_on: date, completed_on: date) -> bool:
    """Whether a result came within the working days that are promised."""
    most = whole("procedure.working_days", completed_on)
    return working_days(applied_on, completed_on) <= most


def result_due(applied_on: date) -> date:
    """The last day on which a result is in time.

    >>> result_due(date(2026, 1, 16)).isoformat(), result_due(date(2026, 1, 19)).isoformat()
    ('2026-02-08', '2026-02-09')
    """
    term, day = whole("procedure.working_days", applied_on), applied_on
    while working_days(applied_on, day + timedelta(days=1)) <= term:
        day += timedelta(days=1)
    return day


def complaint_due(filed_at: datetime) -> datetime:
    """Until when a complaint is to be closed: some days later, to the same hour."""
    return filed_at + timedelta(days=whole("audit.complaint_days", filed_at.date()))


def appeal_until(refused_at: datetime) -> datetime:
    """Until when a firm appeals: the end of the last day; the day of the refusal is not counted.

    >>> appeal_until(datetime(2026, 1, 20, 20, tzinfo=SHANGHAI)).isoformat()
    '2026-01-28T00:00:00+08:00'
    """
    refused_on = refused_at.astimezone(SHANGHAI).date()
    term_days = whole("audit.appeal_days", refused_on)
    return datetime.combine(refused_on + timedelta(days=1 + term_days), time(), SHANGHAI)


def settlement_due(approved_on: date) -> date:
    """The last day on which a firm is paid in time for a visit."""
    return approved_on + timedelta(days=whole("payment.settlement_due_days", approved_on))


def cash_due(month_day: date) -> date:
    """The day on which the cash of a day's month is due."""
    return month_day.replace(day=whole("payment.cash_day", month_day))


@cache
def _standards() -> standards.Standards:
    return standards.load("simulator")
