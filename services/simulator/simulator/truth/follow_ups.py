"""What happens in calls after visits, and what was answered."""

from dataclasses import dataclass

from simulator.truth.measures import Count, Counts, Fact, flow


@dataclass(frozen=True, slots=True)
class FollowedUp(Fact):
    """The elder was called. satisfied: None where nobody answered."""

    month: str
    finished_month: str
    area_code: str
    funded: bool
    satisfied: bool | None


@flow("FINISHED_FOLLOWED_UP")
def followed_up(fact: Fact) -> Counts:
    """A month's visits that were followed up."""
    match fact:
        case FollowedUp():
            yield Count(fact.finished_month, fact.area_code)


@flow("FINISHED_FUNDED_FOLLOWED_UP")
def funded_followed_up(fact: Fact) -> Counts:
    """The same, of the visits that a voucher pays."""
    match fact:
        case FollowedUp(funded=True):
            yield Count(fact.finished_month, fact.area_code)


@flow("ANSWERS")
def reached(fact: Fact) -> Counts:
    """Elders who were reached."""
    match fact:
        case FollowedUp(satisfied=bool()):
            yield Count(fact.month, fact.area_code)


@flow("ANSWERS_SATISFIED")
def satisfied(fact: Fact) -> Counts:
    """Of these, who were satisfied."""
    match fact:
        case FollowedUp(satisfied=True):
            yield Count(fact.month, fact.area_code)
