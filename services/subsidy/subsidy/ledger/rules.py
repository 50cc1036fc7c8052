"""The accounts. Pure."""

from enum import IntEnum


class Account(IntEnum):
    """Where money stands; a credit leaves an account, a debit enters it (README.md, Ledger)."""

    FUND = 1
    ISSUED = 2
    HELD = 3
    OWED = 4
    PAID = 5
    LAPSED = 6
    CLAIMS = 7
    WAIVED = 8
