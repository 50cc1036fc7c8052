"""Who is to be given a subsidy, and who is given it."""

from simulator.truth.assessments import assessed
from simulator.truth.elders import of_elders
from simulator.truth.measures import MonthEnd
from simulator.world.people import SUBSIDISED, Person

CARE_LEVEL = 1  # the least level of the home-care subsidy: mild


@of_elders("AGE_GIVEN")
def old_age_allowance(_: MonthEnd, __: Person) -> bool:
    """Of 80 and over who get the old-age allowance: nobody, since no policy of the city asks for an
    age.
    """
    return False


@of_elders("POOR")
def poor_enough(_: MonthEnd, person: Person) -> bool:
    """Those whom the home-care subsidy is for, if they have lost abilities."""
    return bool(SUBSIDISED & set(person.hardships))


@of_elders("POOR_UNASSESSED")
def poor_without_level(end: MonthEnd, person: Person) -> bool:
    """Of these, who have no level."""
    return poor_enough(end, person) and not assessed(end, person)


@of_elders("CARE_ELIGIBLE")
def disabled_poor(end: MonthEnd, person: Person) -> bool:
    """The poor with a loss of ability, mild or worse."""
    level = end.level(person.number) or 0
    return level >= CARE_LEVEL and poor_enough(end, person)


@of_elders("CARE_GIVEN")
def home_care_cash(end: MonthEnd, person: Person) -> bool:
    """Of these, who get the home-care subsidy."""
    return disabled_poor(end, person) and person.number in end.world.cash
