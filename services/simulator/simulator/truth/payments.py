"""What is paid and claimed back, and the figures SU06, SU07."""

from dataclasses import dataclass
from datetime import date

from simulator import norms
from simulator.truth.figures import Count, Counts, Fact, flow
from simulator.truth.vouchers import UseReversed, VoucherUsed
from simulator.world.days import month_of


@dataclass(frozen=True, slots=True)
class CashPaid(Fact):
    """A month's cash of one elder. The month is that of the day."""

    paid_on: date
    area_code: str
    fen: int


@dataclass(frozen=True, slots=True)
class FirmPaid(Fact):
    """One payment to a firm, in its county. first_approved_on: of the visits in it."""

    paid_on: date
    area_code: str
    first_approved_on: date


@dataclass(frozen=True, slots=True)
class VisitPaid(Fact):
    """The part of a payment that one visit has. area_code: of the voucher."""

    area_code: str
    fen: int


@dataclass(frozen=True, slots=True)
class Claimed(Fact):
    """Paid for a time after the elder's death, and claimed back. month: of cash or voucher."""

    month: str
    area_code: str
    fen: int


@flow("SU06")
def paid_in_time(fact: Fact) -> Counts:
    """Share of payments that were made by the day on which they were due."""
    match fact:
        case CashPaid(paid_on, area_code):
            in_time = paid_on <= norms.cash_due(paid_on)
            yield Count(month_of(paid_on), area_code, int(in_time), 1)
        case FirmPaid(paid_on, area_code, first_approved_on):
            in_time = paid_on <= norms.settlement_due(first_approved_on)
            yield Count(month_of(paid_on), area_code, int(in_time), 1)


@flow("SU07")
def wrongly_paid(fact: Fact) -> Counts:
    """Share of what was granted that is claimed back, by fen."""
    match fact:
        case CashPaid(paid_on, area_code, fen):
            yield Count(month_of(paid_on), area_code, 0, fen)
        case VoucherUsed(month, area_code, fen):
            yield Count(month, area_code, 0, fen)
        case UseReversed(month, area_code, fen):
            yield Count(month, area_code, 0, -fen)
        case Claimed(month, area_code, fen):
            yield Count(month, area_code, fen, 0)
