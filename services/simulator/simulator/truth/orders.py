"""What happens to orders, and the figure DI03."""

from dataclasses import dataclass

from simulator.truth.figures import Count, Counts, Fact, flow
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


@flow("DI03")
def served(fact: Fact) -> Counts:
    """Share of the orders of a month, less those withdrawn, that were served."""
    match fact:
        case OrderPlaced(month, area_code):
            yield Count(month, area_code, 0, 1)
        case OrderWithdrawn(month, area_code):
            yield Count(month, area_code, 0, -1)
        case VisitFinished():
            yield Count(fact.order_month, fact.area_code, 1, 0)
