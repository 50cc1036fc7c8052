"""What happens to audited visits, and the figure SU09."""

from dataclasses import dataclass

from simulator.truth.figures import Count, Counts, Fact, flow


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


@flow("SU09")
def verified(fact: Fact) -> Counts:
    """Share of a month's approved visits that an inspector verified."""
    match fact:
        case VisitApproved(month, area_code):
            yield Count(month, area_code, 0, 1)
        case VisitVerified(approved_month, area_code):
            yield Count(approved_month, area_code, 1, 0)
