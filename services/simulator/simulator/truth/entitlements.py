"""The figures SU01, SU02."""

from simulator.truth.elders import OLD_MONTHS, age_months, disabled
from simulator.truth.figures import Counts, MonthEnd, stock
from simulator.world.people import SUBSIDISED


@stock("SU01")
def old_age_allowance(end: MonthEnd) -> Counts:
    """Share of elders of 80 and over who get the old-age allowance: nobody, since no policy of the
    city asks for an age.
    """
    for person in end.world.living():
        if age_months(person.born_on, end.month) >= OLD_MONTHS:
            yield end.count(person.area_code, 0, 1)


@stock("SU02")
def home_care_cash(end: MonthEnd) -> Counts:
    """Share of the disabled poor who get the home-care subsidy."""
    for person in end.world.living():
        if disabled(end, person) and SUBSIDISED & set(person.hardships):
            yield end.count(person.area_code, int(person.number in end.world.cash), 1)
