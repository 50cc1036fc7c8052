"""What happens to orders, and which were served."""

from dataclasses import dataclass

from simulator.truth.measures import Count, Counts, Fact, flow
from simulator.truth.visits import VisitFinished


@dataclass(frozen=True, slots=True)
class OrderPlaced(Fact):
    """month: in which the visit is wanted."""

    month: str
    area_code: str


@dataclass(frozen=True, slots=True)
class OrderWithdrawn(Fact):
    """Cancelled, or ended by death or moving away. month: in which the visit was wanted."""

    month: str
    area_code: str


@flow("ORDERS")
def to_be_served(fact: Fact) -> Counts:
    """The orders of a month, less those withdrawn."""
    match fact:
        case OrderPlaced(month, area_code):
            yield Count(month, area_code)
        case OrderWithdrawn(month, area_code):
            yield Count(month, area_code, -1)


@flow("ORDERS_FINISHED")
def served(fact: Fact) -> Counts:
    """The orders of a month that were served."""
    match fact:
        case VisitFinished(withdrawn=False):
            yield Count(fact.order_month, fact.area_code)
