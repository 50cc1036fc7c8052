"""What happens to visits, and the figure DI02."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from simulator.truth.figures import Count, Counts, Fact, flow

PUNCTUAL = timedelta(minutes=15)


@dataclass(frozen=True, slots=True)
class VisitFinished(Fact):
    """A departure was reported.

    month: of the report; order_month: in which the visit was wanted. funded: by a voucher.
    """

    month: str
    order_month: str
    area_code: str
    begin: datetime
    wanted_to: datetime
    funded: bool


@flow("DI02")
def punctual(fact: Fact) -> Counts:
    """Share of visits that began at most a quarter of an hour after the window wanted."""
    match fact:
        case VisitFinished():
            in_time = fact.begin - fact.wanted_to <= PUNCTUAL
            yield Count(fact.month, fact.area_code, int(in_time), 1)
