"""What happens to offers of orders, and which were accepted."""

from dataclasses import dataclass

from simulator.truth.measures import Count, Counts, Fact, flow


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


@flow("OFFERS")
def offered(fact: Fact) -> Counts:
    """A month's offers."""
    match fact:
        case OfferMade(month, area_code):
            yield Count(month, area_code)


@flow("OFFERS_ACCEPTED")
def accepted(fact: Fact) -> Counts:
    """A month's offers that were accepted."""
    match fact:
        case OfferAccepted(month, area_code):
            yield Count(month, area_code)
