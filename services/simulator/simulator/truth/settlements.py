"""What happens to audited visits, and which were verified."""

from dataclasses import dataclass

from simulator.truth.measures import Count, Counts, Fact, flow


@dataclass(frozen=True, slots=True)
class VisitApproved(Fact):
    """A visit with a voucher passed the audit or the inspector."""

    month: str
    area_code: str


@dataclass(frozen=True, slots=True)
class VisitVerified(Fact):
    """An inspector asked the elder about it. approved_month: of the approval."""

    approved_month: str
    area_code: str


@flow("SETTLED")
def approved(fact: Fact) -> Counts:
    """A month's approved visits."""
    match fact:
        case VisitApproved(month, area_code):
            yield Count(month, area_code)


@flow("VERIFIED")
def verified(fact: Fact) -> Counts:
    """A month's approved visits that an inspector verified."""
    match fact:
        case VisitVerified(approved_month, area_code):
            yield Count(approved_month, area_code)
