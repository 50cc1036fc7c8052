"""What happens to complaints, and which were closed in time."""

from dataclasses import dataclass
from datetime import datetime

from simulator.truth.measures import Count, Counts, Fact, done, flow
from simulator.world.days import day_of


@dataclass(frozen=True, slots=True)
class ComplaintFiled(Fact):
    """month: of the filing. due_at: by the city's promise."""

    month: str
    area_code: str
    due_at: datetime


@dataclass(frozen=True, slots=True)
class ComplaintClosed(Fact):
    """month: of the filing. due_at: by the city's promise."""

    month: str
    area_code: str
    closed_at: datetime
    due_at: datetime


@flow("COMPLAINTS")
def filed(fact: Fact) -> Counts:
    """A month's complaints that are closed or due."""
    match fact:
        case ComplaintFiled(month, area_code, due_at):
            yield Count(month, area_code, after=day_of(due_at))
        case ComplaintClosed(month, area_code, _, due_at):
            yield from done(month, area_code, day_of(due_at))


@flow("COMPLAINTS_IN_TIME")
def closed_in_time(fact: Fact) -> Counts:
    """A month's complaints that were closed in time."""
    match fact:
        case ComplaintClosed(month, area_code, closed_at, due_at):
            yield Count(month, area_code, int(closed_at <= due_at))
