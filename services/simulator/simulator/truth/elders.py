"""Figures of the elders in the city: POP01, POP04, POP05, POP06, POP07."""

from datetime import date

from simulator.truth.figures import Counts, MonthEnd, stock
from simulator.world.people import Person

OLD_MONTHS = 80 * 12
ALONE = frozenset({"ALONE", "SPOUSE_ONLY"})
SPECIAL_LIVINGS = ALONE | {"LEFT_BEHIND"}
SPECIAL_HARDSHIPS = frozenset({"SEVERELY_HANDICAPPED", "PLANNED_FAMILY_SPECIAL"})
DISABLED = 2  # the least level of a disability


def age_months(born_on: date, month: str) -> int:
    """Whole months of age at the end of a month."""
    year, number = map(int, month.split("-"))
    return (year - born_on.year) * 12 + number - born_on.month


def disabled(end: MonthEnd, person: Person) -> bool:
    """Whether the level in force is one of disability."""
    return end.world.levels.get(person.number, 0) >= DISABLED


@stock("POP01")
def elders(end: MonthEnd) -> Counts:
    """Elders in the city."""
    for person in end.world.living():
        yield end.count(person.area_code, 1)


@stock("POP04")
def eighty_and_over(end: MonthEnd) -> Counts:
    """Share of elders who are 80 or over; a birthday in the month counts."""
    for person in end.world.living():
        old = age_months(person.born_on, end.month) >= OLD_MONTHS
        yield end.count(person.area_code, int(old), 1)


@stock("POP05")
def living_alone(end: MonthEnd) -> Counts:
    """Share of elders who live alone or with the spouse only."""
    for person in end.world.living():
        yield end.count(person.area_code, int(person.living in ALONE), 1)


@stock("POP06")
def complete_files(end: MonthEnd) -> Counts:
    """Share of elders whose file has address, phone and contact."""
    for person in end.world.living():
        yield end.count(person.area_code, int(person.complete), 1)


@stock("POP07")
def special_hardship(end: MonthEnd) -> Counts:
    """Elders in special hardship, each once."""
    for person in end.world.living():
        special = (
            person.living in SPECIAL_LIVINGS
            or disabled(end, person)
            or bool(SPECIAL_HARDSHIPS & set(person.hardships))
        )
        yield end.count(person.area_code, int(special))
