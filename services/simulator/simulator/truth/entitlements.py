"""The figure SU02."""

from simulator.truth.elders import disabled
from simulator.truth.figures import Counts, MonthEnd, stock
from simulator.world.people import SUBSIDISED


@stock("SU02")
def home_care_cash(end: MonthEnd) -> Counts:
    """Share of the disabled poor who get the home-care subsidy."""
    for person in end.world.living():
        if disabled(end, person) and SUBSIDISED & set(person.hardships):
            yield end.count(person.area_code, int(person.number in end.world.cash), 1)
