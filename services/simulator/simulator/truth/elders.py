"""The elders in the city: who they are, and how they live."""

from collections.abc import Callable
from datetime import date

from simulator.truth.measures import Counts, MonthEnd, stock
from simulator.world.people import Person

OLD_MONTHS = 80 * 12
ALONE = frozenset({"ALONE", "SPOUSE_ONLY"})
SPECIAL_LIVINGS = ALONE | {"LEFT_BEHIND"}
SPECIAL_HARDSHIPS = frozenset({"SEVERELY_HANDICAPPED", "PLANNED_FAMILY_SPECIAL"})
DISABLED = 2  # the least level of a disability
SEXES = ("FEMALE", "MALE")  # by whether a person is male


IsCounted = Callable[[MonthEnd, Person], bool]


def of_elders(measure: str) -> Callable[[IsCounted], IsCounted]:
    """Enters the truth of a measure of living elders, each once, by sex: who is counted."""

    def enter(is_counted: IsCounted) -> IsCounted:
        @stock(measure, *SEXES)
        def counts(end: MonthEnd) -> Counts:
            for person in end.world.living():
                if is_counted(end, person):
                    yield end.count(person.area_code, member=SEXES[person.male])

        return is_counted

    return enter


def age_months(born_on: date, month: str) -> int:
    """Whole months of age at the end of a month."""
    year, number = map(int, month.split("-"))
    return (year - born_on.year) * 12 + number - born_on.month


@of_elders("ALIVE")
def alive(_: MonthEnd, __: Person) -> bool:
    """Elders in the city."""
    return True


@of_elders("ALIVE_80")
def eighty_and_over(end: MonthEnd, person: Person) -> bool:
    """Of 80 and over; a birthday in the month counts."""
    return age_months(person.born_on, end.month) >= OLD_MONTHS


@of_elders("ALONE")
def living_alone(_: MonthEnd, person: Person) -> bool:
    """Who live alone or with the spouse only."""
    return person.living in ALONE


@of_elders("COMPLETE")
def complete_files(_: MonthEnd, person: Person) -> bool:
    """Whose file has address, phone and contact."""
    return person.complete


@of_elders("DEPENDENT")
def disabled(end: MonthEnd, person: Person) -> bool:
    """Whose level in force is one of disability."""
    return (end.level(person.number) or 0) >= DISABLED


@of_elders("SPECIAL")
def special_hardship(end: MonthEnd, person: Person) -> bool:
    """In special hardship, each once."""
    return (
        person.living in SPECIAL_LIVINGS
        or disabled(end, person)
        or bool(SPECIAL_HARDSHIPS & set(person.hardships))
    )
