"""The states and kinds of what this service keeps, as its contract numbers them. Pure."""

from enum import IntEnum


class Kind(IntEnum):
    """Policy.Kind."""

    VOUCHER = 1
    CASH = 2


class State(IntEnum):
    """Entitlement.State."""

    OPEN = 1
    REFUSED = 2
    CLOSED = 3


class Cause(IntEnum):
    """EntitlementClosed.Cause."""

    DEATH = 1
    MOVED_OUT = 2
    LEVEL = 3
    HARDSHIP = 4
    POLICY_ENDED = 5


class Status(IntEnum):
    """Elder.Status."""

    ALIVE = 1
    DEAD = 2
    MOVED_OUT = 3


class Hardship(IntEnum):
    """Elder.Hardship."""

    DIBAO = 1
    TEKUN = 2
    DIBAO_EDGE = 3
    LOW_INCOME = 4
    SEVERELY_HANDICAPPED = 5
    PLANNED_FAMILY_SPECIAL = 6


class HoldState(IntEnum):
    """Life of what is held of a voucher for one order."""

    HELD = 1  # until confirmed by the order's event or expired
    CONFIRMED = 2
    CAPTURED = 3
    RELEASED = 4
    EXPIRED = 5


class Account(IntEnum):
    """Where money stands; a credit leaves an account, a debit enters it (README.md, Ledger)."""

    FUND = 1
    ISSUED = 2
    HELD = 3
    OWED = 4
    PAID = 5
    LAPSED = 6
    CLAIMS = 7


class PaymentKind(IntEnum):
    """PaymentMade.Kind."""

    SETTLEMENT = 1
    CASH = 2
