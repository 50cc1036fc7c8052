"""The figures ST01, ST02."""

from collections import defaultdict
from datetime import date
from fractions import Fraction
from math import ceil

from simulator.truth.figures import Counts, MonthEnd, stock
from simulator.world.days import next_month_begins
from simulator.world.geography import county_code

# Assumption, for the county system of Pengzhou: residents of a caregiver by their least level,
# 失能, 半失能, 自理
RESIDENTS_PER_CAREGIVER = ((3, 3), (1, 6), (0, 10))


@stock("ST01")
def staffed_institutions(end: MonthEnd) -> Counts:
    """Share of the operators of institutions with certified caregivers enough for the residents."""
    operators = {
        facility.firm.credit_code: facility.firm
        for facility in end.world.open_facilities()
        if facility.tier == "COUNTY"
    }
    required: defaultdict[str, Fraction] = defaultdict(Fraction)
    for number, facility in end.world.stays.items():
        required[facility.firm.credit_code] += _share(end.world.levels.get(number, 0))
    for code, operator in operators.items():
        caregivers = sum(
            worker.caregiver and not worker.left and _lasts(worker.certified_until, end.month)
            for worker in operator.workers
        )
        staffed = caregivers >= ceil(required[code])
        yield end.count(county_code(operator.county), int(staffed), 1)


@stock("ST02")
def certified(end: MonthEnd) -> Counts:
    """Share of caregivers whose certificate lasts to the end of the month."""
    for worker, county in end.world.workers:
        if worker.caregiver:
            yield end.count(county, int(_lasts(worker.certified_until, end.month)), 1)


def _share(level: int) -> Fraction:
    """Of a caregiver, which a resident of this level needs."""
    return next(Fraction(1, most) for least, most in RESIDENTS_PER_CAREGIVER if level >= least)


def _lasts(until: date | None, month: str) -> bool:
    return until is not None and (next_month_begins(month) - until).days <= 1
