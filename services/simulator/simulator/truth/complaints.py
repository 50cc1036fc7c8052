"""What happens to complaints, and which were closed in time."""

from dataclasses import dataclass
from datetime import datetime

from simulator.truth.measures import Count, Counts, Fact, flow


@dataclass(frozen=True, slots=True)
class ComplaintFiled(Fact):
    """month: of the filing."""

    month: str
    area_code: str


@dataclass(frozen=True, slots=True)
class ComplaintClosed(Fact):
    """month: of the filing. due_at: by the city's promise."""

    month: str
    area_code: str
    closed_at: datetime
    due_at: datetime


@flow("COMPLAINTS")
def filed(fact: Fact) -> Counts:
    """A month's complaints."""
    match fact:
        case ComplaintFiled(month, area_code):
            yield Count(month, area_code)


@flow("COMPLAINTS_IN_TIME")
def closed_in_time(fact: Fact) -> Counts:
    """A month's complaints that were closed in time."""
    match fact:
        case ComplaintClosed(month, area_code, closed_at, due_at):
            yield Count(month, area_code, int(closed_at <= due_at))
