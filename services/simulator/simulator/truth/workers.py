"""The figures ST01, ST02."""

from collections import Counter
from datetime import date

from simulator.truth.figures import Counts, MonthEnd, stock
from simulator.world.days import next_month_begins
from simulator.world.geography import county_code

RESIDENTS_PER_CAREGIVER = 10


@stock("ST01")
def staffed_institutions(end: MonthEnd) -> Counts:
    """Share of the operators of institutions with a certified caregiver for each ten residents."""
    operators = {
        facility.firm.credit_code: facility.firm
        for facility in end.world.open_facilities()
        if facility.tier == "COUNTY"
    }
    residents = Counter(facility.firm.credit_code for facility in end.world.stays.values())
    for code, operator in operators.items():
        caregivers = sum(
            worker.caregiver and not worker.left and _lasts(worker.certified_until, end.month)
            for worker in operator.workers
        )
        staffed = residents[code] <= RESIDENTS_PER_CAREGIVER * caregivers
        yield end.count(county_code(operator.county), int(staffed), 1)


@stock("ST02")
def certified(end: MonthEnd) -> Counts:
    """Share of caregivers whose certificate lasts to the end of the month."""
    for worker, county in end.world.workers:
        if worker.caregiver:
            yield end.count(county, int(_lasts(worker.certified_until, end.month)), 1)


def _lasts(until: date | None, month: str) -> bool:
    return until is not None and (next_month_begins(month) - until).days <= 1
