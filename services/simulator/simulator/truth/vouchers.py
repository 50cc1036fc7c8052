"""What happens to vouchers, and what is used of them."""

from dataclasses import dataclass
from typing import Literal

from simulator.truth.elders import disabled
from simulator.truth.measures import Count, Counts, Fact, MonthEnd, flow, stock

Account = Literal["held", "owed"]


@dataclass(frozen=True, slots=True)
class VoucherIssued(Fact):
    """A voucher of a month, in the area where its elder lived then."""

    month: str
    area_code: str
    fen: int


@dataclass(frozen=True, slots=True)
class VoucherHeld(Fact):
    """A part is held for an order. area_code: of the voucher, here and below."""

    area_code: str
    fen: int


@dataclass(frozen=True, slots=True)
class VoucherReleased(Fact):
    """A part that was held for an order, or owed to a firm, is free again."""

    area_code: str
    fen: int
    source: Account


@dataclass(frozen=True, slots=True)
class VoucherLapsed(Fact):
    """What was free is gone, since the voucher's time is over."""

    area_code: str
    fen: int


@dataclass(frozen=True, slots=True)
class VoucherRestored(Fact):
    """What was gone is free again: the elder was taken for dead, or a stay is charged late."""

    area_code: str
    fen: int


@dataclass(frozen=True, slots=True)
class VoucherUsed(Fact):
    """A part became a debt to the firm that visited. month: of the voucher."""

    month: str
    area_code: str
    fen: int


@dataclass(frozen=True, slots=True)
class UseReversed(Fact):
    """The visit lies after the elder's death and is not paid yet: the debt is none."""

    month: str
    area_code: str
    fen: int


@stock("VOUCHERED")
def disabled_with_voucher(end: MonthEnd) -> Counts:
    """The disabled who have a voucher of the month."""
    for person in end.world.living():
        if disabled(end, person) and (person.number, end.month) in end.world.vouchers:
            yield end.count(person.area_code)


@flow("ISSUED_FEN")
def issued(fact: Fact) -> Counts:
    """The vouchers of a month, in fen."""
    match fact:
        case VoucherIssued(month, area_code, fen):
            yield Count(month, area_code, fen)


@flow("CAPTURED_FEN")
def used(fact: Fact) -> Counts:
    """What was used of the vouchers of a month, in fen."""
    match fact:
        case VoucherUsed(month, area_code, fen):
            yield Count(month, area_code, fen)
        case UseReversed(month, area_code, fen):
            yield Count(month, area_code, -fen)
