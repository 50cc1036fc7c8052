"""The numbers of `standards/` in force on a policy day."""

from dataclasses import dataclass, field
from datetime import date, timedelta

from kit.contracts import standards
from kit.contracts.standards import key


@dataclass(frozen=True, slots=True)
class Procedure:
    """The numbers of standards/procedure.yaml on a day.

    result_working_days: from the application to a result in time. publicity, appeal: whole days;
    the day of the result, or of the decision, is not counted. validity_months: of a level in
    force. reassessment_lead: before its end. least_age, greatest_age: of an elder.
    separate_duties: whether one person does one duty in a case alone.
    """

    result_working_days: int
    validity_months: int
    least_age: int
    greatest_age: int
    separate_duties: bool
    publicity: timedelta = field(metadata=key("publicity_days"))
    appeal: timedelta = field(metadata=key("appeal_days"))
    reassessment_lead: timedelta = field(metadata=key("reassessment_lead_days"))


@dataclass(frozen=True, slots=True)
class Calendar:
    """The exceptions of standards/workdays.yaml in a day's year.

    holidays: weekdays that are free. workdays: days of a weekend that are worked. years: those
    whose exceptions are known.
    """

    holidays: tuple[date, ...]
    workdays: tuple[date, ...]
    years: tuple[int, ...]


procedure = standards.read("assessment", Procedure, file="procedure")
calendar = standards.read("assessment", Calendar, file="workdays")


def exceptions(first: date, last: date) -> tuple[set[date], set[date]]:
    """The holidays, and the days of weekends that are worked, of all years from one day to another;
    a year whose exceptions are not known has none.
    """
    holidays: set[date] = set()
    workdays: set[date] = set()
    for year in range(first.year, last.year + 1):
        known = calendar(date(year, 1, 1))
        holidays.update(known.holidays)
        workdays.update(known.workdays)
    return holidays, workdays
