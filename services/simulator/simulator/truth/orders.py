"""What happens to orders, and which were served."""

from dataclasses import dataclass
from datetime import datetime

from simulator.truth.measures import Count, Counts, Fact, done, flow
from simulator.truth.visits import VisitFinished
from simulator.world.days import day_of


@dataclass(frozen=True, slots=True)
class OrderPlaced(Fact):
    """month: in which the visit is wanted. wanted_to: until when."""

    month: str
    area_code: str
    wanted_to: datetime


@dataclass(frozen=True, slots=True)
class OrderWithdrawn(Fact):
    """Cancelled, or ended by death or moving away. month: in which the visit was wanted."""

    month: str
    area_code: str
    wanted_to: datetime


@dataclass(frozen=True, slots=True)
class OrderEnded(Fact):
    """It was served, or nobody can serve it any more. month: in which the visit was wanted."""

    month: str
    area_code: str
    wanted_to: datetime


@flow("ORDERS")
def to_be_served(fact: Fact) -> Counts:
    """The orders of a month that have ended or whose day has passed, less those withdrawn."""
    match fact:
        case OrderPlaced(month, area_code, wanted_to):
            yield Count(month, area_code, after=day_of(wanted_to))
        case OrderWithdrawn(month, area_code, wanted_to):
            yield Count(month, area_code, -1, after=day_of(wanted_to))
        case OrderEnded(month, area_code, wanted_to):
            yield from done(month, area_code, day_of(wanted_to))


@flow("ORDERS_FINISHED")
def served(fact: Fact) -> Counts:
    """The orders of a month that were served."""
    match fact:
        case VisitFinished(withdrawn=False):
            yield Count(fact.order_month, fact.area_code)
