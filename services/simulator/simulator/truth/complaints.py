"""What happens to complaints, and the figure DI06."""

from dataclasses import dataclass
from datetime import datetime

from simulator.truth.figures import Count, Counts, Fact, flow


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


@flow("DI06")
def closed_in_time(fact: Fact) -> Counts:
    """Share of a month's complaints that were closed in time."""
    match fact:
        case ComplaintFiled(month, area_code):
            yield Count(month, area_code, 0, 1)
        case ComplaintClosed(month, area_code, closed_at, due_at):
            yield Count(month, area_code, int(closed_at <= due_at), 0)
