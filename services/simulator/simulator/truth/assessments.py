"""What happens to assessments, and the figures AS01, AS02, AS03 (and by sex), AS04, AS06, AS07."""

from collections.abc import Set
from dataclasses import dataclass
from datetime import date

from simulator import norms
from simulator.truth.applications import ApplicationEnded, Applied
from simulator.truth.elders import age_months, disabled
from simulator.truth.figures import Count, Counts, Fact, MonthEnd, flow, stock
from simulator.world.days import month_of

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


@stock("AS01")
def poor_assessed(end: MonthEnd) -> Counts:
    """Share of the poorest elders who have a level."""
    for person in end.world.living():
        if POOR & set(person.hardships):
            yield end.count(person.area_code, int(person.number in end.world.levels), 1)


@stock("AS02")
def old_assessed(end: MonthEnd) -> Counts:
    """Share of elders of 65 and over who have a level."""
    for person in end.world.living():
        if age_months(person.born_on, end.month) >= OLD_MONTHS:
            yield end.count(person.area_code, int(person.number in end.world.levels), 1)


@stock("AS03")
def assessed_as_disabled(end: MonthEnd) -> Counts:
    """Share of the elders with a level who are disabled by it."""
    for person in end.world.living():
        if person.number in end.world.levels:
            yield end.count(person.area_code, int(disabled(end, person)), 1)


@stock("AS03_FEMALE")
def women_assessed_as_disabled(end: MonthEnd) -> Counts:
    """Share of the women with a level who are disabled by it."""
    yield from _assessed_as_disabled(end, male=False)


@stock("AS03_MALE")
def men_assessed_as_disabled(end: MonthEnd) -> Counts:
    """Share of the men with a level who are disabled by it."""
    yield from _assessed_as_disabled(end, male=True)


def _assessed_as_disabled(end: MonthEnd, *, male: bool) -> Counts:
    for person in end.world.living():
        if person.male is male and person.number in end.world.levels:
            yield end.count(person.area_code, int(disabled(end, person)), 1)


@flow("AS04")
def assessed_in_time(fact: Fact) -> Counts:
    """Share of a month's applications that had a result within the working days promised."""
    match fact:
        case Applied():
            yield Count(fact.month, fact.area_code, 0, 1)
        case ApplicationEnded():
            yield Count(month_of(fact.applied_on), fact.area_code, 0, -1)
        case AssessmentCompleted():
            in_time = norms.assessed_in_time(fact.applied_on, fact.completed_on)
            yield Count(month_of(fact.applied_on), fact.area_code, int(in_time), 0)


@flow("AS06")
def appealed(fact: Fact) -> Counts:
    """Share of a month's results that were objected to."""
    match fact:
        case AssessmentCompleted():
            yield Count(fact.month, fact.area_code, 0, 1)
        case Appealed():
            yield Count(fact.completed_month, fact.area_code, 1, 0)


@flow("AS07")
def signed_by_two(fact: Fact) -> Counts:
    """Share of results that as many assessors signed as the norm asks for."""
    match fact:
        case AssessmentCompleted():
            wanted = norms.whole("procedure.assessors", fact.completed_on)
            yield Count(fact.month, fact.area_code, int(len(fact.assessors) >= wanted), 1)
