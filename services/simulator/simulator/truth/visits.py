"""What happens to visits, and which began in time."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from simulator.truth.measures import Count, Counts, Fact, flow

PUNCTUAL = timedelta(minutes=15)


@dataclass(frozen=True, slots=True)
class VisitFinished(Fact):
    """A departure was reported.

    month: of the report; order_month: in which the visit was wanted. funded: by a voucher.
    withdrawn: its order had ended by nobody's failure before the visit was told.
    """

    month: str
    order_month: str
    area_code: str
    begin: datetime
    wanted_to: datetime
    funded: bool
    withdrawn: bool = False


@flow("FINISHED")
def finished(fact: Fact) -> Counts:
    """Visits."""
    match fact:
        case VisitFinished():
            yield Count(fact.month, fact.area_code)


@flow("FINISHED_FUNDED")
def funded(fact: Fact) -> Counts:
    """Visits that a voucher pays."""
    match fact:
        case VisitFinished(funded=True):
            yield Count(fact.month, fact.area_code)


@flow("FINISHED_IN_TIME")
def punctual(fact: Fact) -> Counts:
    """Visits that began at most a quarter of an hour after the window wanted."""
    match fact:
        case VisitFinished():
            in_time = fact.begin - fact.wanted_to <= PUNCTUAL
            yield Count(fact.month, fact.area_code, int(in_time))
