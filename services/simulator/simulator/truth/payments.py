"""What is paid and claimed back."""

from dataclasses import dataclass
from datetime import date

from simulator import norms
from simulator.truth.measures import Count, Counts, Fact, flow
from simulator.truth.vouchers import used
from simulator.world.days import month_of


@dataclass(frozen=True, slots=True)
class CashPaid(Fact):
    """A month's cash of one elder. in_time: arrears are, on the day on which they become known."""

    paid_on: date
    month: str
    area_code: str
    fen: int
    in_time: bool


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


@dataclass(frozen=True, slots=True)
class Withdrawn(Fact):
    """It was claimed back, and turned out to be rightly paid."""

    month: str
    area_code: str
    fen: int


@dataclass(frozen=True, slots=True)
class Repaid(Fact):
    """A part of what was claimed came back. month: of cash or voucher."""

    month: str
    area_code: str
    fen: int


@dataclass(frozen=True, slots=True)
class Waived(Fact):
    """What was claimed is given up."""

    area_code: str
    fen: int


@flow("PAYMENTS")
def paid(fact: Fact) -> Counts:
    """Payments."""
    match fact:
        case CashPaid() | FirmPaid():
            yield Count(month_of(fact.paid_on), fact.area_code)


@flow("PAYMENTS_IN_TIME")
def paid_in_time(fact: Fact) -> Counts:
    """Payments that were made by the day on which they were due."""
    match fact:
        case CashPaid(paid_on=paid_on, area_code=area_code, in_time=in_time):
            yield Count(month_of(paid_on), area_code, int(in_time))
        case FirmPaid(paid_on, area_code, first_approved_on):
            in_time = paid_on <= norms.settlement_due(first_approved_on)
            yield Count(month_of(paid_on), area_code, int(in_time))


@flow("PAID_CASH_FEN")
def cash(fact: Fact) -> Counts:
    """Cash, in fen."""
    match fact:
        case CashPaid(month=month, area_code=area_code, fen=fen):
            yield Count(month, area_code, fen)


@flow("GIVEN_FEN")
def granted(fact: Fact) -> Counts:
    """What was granted: cash, and what was used of vouchers, in fen."""
    yield from cash(fact)
    yield from used(fact)


@flow("CLAIMED_FEN")
def wrongly_paid(fact: Fact) -> Counts:
    """What is claimed back, in fen."""
    match fact:
        case Claimed(month, area_code, fen):
            yield Count(month, area_code, fen)
        case Withdrawn(month, area_code, fen):
            yield Count(month, area_code, -fen)


@flow("REPAID_FEN")
def repaid(fact: Fact) -> Counts:
    """What came back of it, in fen."""
    match fact:
        case Repaid(month, area_code, fen):
            yield Count(month, area_code, fen)
