"""What happens to assessments: results of a month, and which elders have one."""

from collections.abc import Set
from dataclasses import dataclass
from datetime import date

from simulator import norms
from simulator.truth.elders import age_months, of_elders
from simulator.truth.measures import Count, Counts, Fact, MonthEnd, flow
from simulator.world.days import month_of
from simulator.world.people import Person

OLD_MONTHS = 65 * 12
POOR = frozenset({"DIBAO", "TEKUN"})


@dataclass(frozen=True, slots=True)
class AssessmentCompleted(Fact):
    """A result was found. assessors: who signed it."""

    applied_on: date
    completed_on: date
    area_code: str
    assessors: Set[int]

    @property
    def month(self) -> str:
        """Of the result."""
        return month_of(self.completed_on)


@dataclass(frozen=True, slots=True)
class Appealed(Fact):
    """An objection to a result. completed_month: of the result."""

    completed_month: str
    area_code: str


@of_elders("ALIVE_65")
def old(end: MonthEnd, person: Person) -> bool:
    """Of 65 and over."""
    return age_months(person.born_on, end.month) >= OLD_MONTHS


@of_elders("BASIC")
def poor(_: MonthEnd, person: Person) -> bool:
    """The poorest."""
    return bool(POOR & set(person.hardships))


@of_elders("ASSESSED")
def assessed(end: MonthEnd, person: Person) -> bool:
    """Who have a level."""
    return end.level(person.number) is not None


@of_elders("BASIC_ASSESSED")
def poor_assessed(end: MonthEnd, person: Person) -> bool:
    """The poorest who have a level."""
    return poor(end, person) and assessed(end, person)


@of_elders("ASSESSED_65")
def old_assessed(end: MonthEnd, person: Person) -> bool:
    """Of 65 and over who have a level."""
    return old(end, person) and assessed(end, person)


@flow("RESULTS")
def completed(fact: Fact) -> Counts:
    """Results of a month."""
    match fact:
        case AssessmentCompleted():
            yield Count(fact.month, fact.area_code)


@flow("RESULTS_IN_TIME")
def assessed_in_time(fact: Fact) -> Counts:
    """A month's applications that had a result within the working days promised."""
    match fact:
        case AssessmentCompleted():
            in_time = norms.assessed_in_time(fact.applied_on, fact.completed_on)
            yield Count(month_of(fact.applied_on), fact.area_code, int(in_time))


@flow("RESULTS_APPEALED")
def appealed(fact: Fact) -> Counts:
    """A month's results that were objected to."""
    match fact:
        case Appealed():
            yield Count(fact.completed_month, fact.area_code)


@flow("RESULTS_PAIRED")
def signed_by_two(fact: Fact) -> Counts:
    """Results that as many assessors signed as the norm asks for."""
    match fact:
        case AssessmentCompleted():
            wanted = norms.whole("procedure.assessors", fact.completed_on)
            yield Count(fact.month, fact.area_code, int(len(fact.assessors) >= wanted))
