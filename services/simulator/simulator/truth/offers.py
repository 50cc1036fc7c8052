"""What happens to offers of orders, and the figure DI01."""

from dataclasses import dataclass

from simulator.truth.figures import Count, Counts, Fact, flow


@dataclass(frozen=True, slots=True)
class OfferMade(Fact):
    """A worker was asked. month: of the asking."""

    month: str
    area_code: str


@dataclass(frozen=True, slots=True)
class OfferAccepted(Fact):
    """The worker will come. month: of the asking."""

    month: str
    area_code: str


@flow("DI01")
def accepted(fact: Fact) -> Counts:
    """Share of a month's offers that were accepted."""
    match fact:
        case OfferMade(month, area_code):
            yield Count(month, area_code, 0, 1)
        case OfferAccepted(month, area_code):
            yield Count(month, area_code, 1, 0)
