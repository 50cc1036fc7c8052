"""What happens in calls after visits, and the figures DI04, DI04_FUNDED, DI05."""

from dataclasses import dataclass

from simulator.truth.figures import Count, Counts, Fact, flow
from simulator.truth.visits import VisitFinished


@dataclass(frozen=True, slots=True)
class FollowedUp(Fact):
    """The elder was called. satisfied: None where nobody answered."""

    month: str
    finished_month: str
    area_code: str
    funded: bool
    satisfied: bool | None


@flow("DI04")
def followed_up(fact: Fact) -> Counts:
    """Share of a month's visits that were followed up."""
    match fact:
        case VisitFinished():
            yield Count(fact.month, fact.area_code, 0, 1)
        case FollowedUp():
            yield Count(fact.finished_month, fact.area_code, 1, 0)


@flow("DI04_FUNDED")
def funded_followed_up(fact: Fact) -> Counts:
    """The same, of the visits that a voucher pays."""
    match fact:
        case VisitFinished(funded=True) | FollowedUp(funded=True):
            yield from followed_up(fact)


@flow("DI05")
def satisfied(fact: Fact) -> Counts:
    """Share of the elders reached who were satisfied."""
    match fact:
        case FollowedUp(satisfied=bool(answer)):
            yield Count(fact.month, fact.area_code, int(answer), 1)
