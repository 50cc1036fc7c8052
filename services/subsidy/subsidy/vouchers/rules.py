"""What a voucher is issued for, and what is left of it. Pure."""

from datetime import date
from typing import NamedTuple
from uuid import UUID


class Grant(NamedTuple):
    """What an entitlement gives as a voucher of one month. issued_fen: fen for that month."""

    entitlement_id: UUID
    elder_id: UUID
    area_code: str
    policy_code: str
    policy_version: date
    issued_fen: int


def free_fen(issued_fen: int, reserved_fen: int, captured_fen: int, lapsed_fen: int) -> int:
    """What of a voucher is neither held, used nor gone.

    >>> free_fen(80000, 6000, 12000, 0)
    62000
    """
    return issued_fen - reserved_fen - captured_fen - lapsed_fen
