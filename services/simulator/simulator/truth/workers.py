"""Workers with a certificate, and whether institutions have enough of them."""

from collections.abc import Iterator
from datetime import date
from fractions import Fraction
from math import ceil

from simulator.truth.measures import Counts, MonthEnd, stock
from simulator.world.days import next_month_begins
from simulator.world.firms import Firm
from simulator.world.geography import county_code

# least level of a resident 失能, 半失能, 自理
DEPENDENT, SEMI_DEPENDENT, SELF_RELIANT = 3, 1, 0
# Assumption, for the county system of Pengzhou: residents of a caregiver by their least level
RESIDENTS_PER_CAREGIVER = {DEPENDENT: 3, SEMI_DEPENDENT: 6, SELF_RELIANT: 10}


@stock("INSTITUTIONS")
def operators(end: MonthEnd) -> Counts:
    """Operators of institutions."""
    for one in _operators(end):
        yield end.count(county_code(one.county))


@stock("INSTITUTIONS_STAFFED")
def staffed_institutions(end: MonthEnd) -> Counts:
    """Operators of institutions with certified caregivers enough for the residents."""
    for one in _operators(end):
        shares = (Fraction(1, RESIDENTS_PER_CAREGIVER[kind]) for kind in _residents(end, one))
        yield end.count(county_code(one.county), int(_certified(end, one) >= ceil(sum(shares))))


@stock("STAFF_CERTIFIED")
def staff_of_institutions(end: MonthEnd) -> Counts:
    """Certified caregivers of operators of institutions, without those who visit homes."""
    for one in _operators(end):
        yield end.count(county_code(one.county), _certified(end, one))


@stock("RESIDENTS_DEPENDENT")
def dependent_residents(end: MonthEnd) -> Counts:
    """Residents of operators of institutions who need the most help."""
    yield from _residents_of_kind(end, DEPENDENT)


@stock("RESIDENTS_SEMI_DEPENDENT")
def semi_dependent_residents(end: MonthEnd) -> Counts:
    """The same who need some."""
    yield from _residents_of_kind(end, SEMI_DEPENDENT)


@stock("RESIDENTS_SELF_RELIANT")
def self_reliant_residents(end: MonthEnd) -> Counts:
    """The same who need the least, or have no level."""
    yield from _residents_of_kind(end, SELF_RELIANT)


@stock("CAREGIVERS")
def caregivers(end: MonthEnd) -> Counts:
    """Caregivers."""
    for worker, county in end.world.workers:
        if worker.caregiver:
            yield end.count(county)


@stock("CERTIFIED")
def certified(end: MonthEnd) -> Counts:
    """Caregivers whose certificate lasts to the end of the month."""
    for worker, county in end.world.workers:
        if worker.caregiver and _lasts(worker.certified_until, end.month):
            yield end.count(county)


def _operators(end: MonthEnd) -> list[Firm]:
    """Of institutions, each once."""
    institutions = (one for one in end.world.open_facilities() if one.tier == "COUNTY")
    return list({one.firm.credit_code: one.firm for one in institutions}.values())


def _residents(end: MonthEnd, operator: Firm) -> Iterator[int]:
    """Of each resident of an operator the least level of those who need as much."""
    for number, facility in end.staying():
        if facility.firm.credit_code == operator.credit_code:
            level = end.level(number) or 0
            yield next(least for least in RESIDENTS_PER_CAREGIVER if level >= least)


def _residents_of_kind(end: MonthEnd, kind: int) -> Counts:
    for one in _operators(end):
        yield end.count(county_code(one.county), sum(of == kind for of in _residents(end, one)))


def _certified(end: MonthEnd, operator: Firm) -> int:
    return sum(
        worker.caregiver
        and worker.place != "HOMES"
        and not worker.left
        and _lasts(worker.certified_until, end.month)
        for worker in operator.workers
    )


def _lasts(until: date | None, month: str) -> bool:
    return until is not None and (next_month_begins(month) - until).days <= 1
