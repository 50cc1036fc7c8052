"""The states of a hold, and how much of a price it takes of a voucher. Pure."""

from enum import IntEnum


class HoldState(IntEnum):
    """Life of what is held of a voucher for one order."""

    HELD = 1  # until confirmed by the order's event or expired
    CONFIRMED = 2
    CAPTURED = 3
    RELEASED = 4
    EXPIRED = 5


KEPT = (HoldState.HELD, HoldState.CONFIRMED)  # states in which money stands on the account `held`


def held_fen(free: int, due: int) -> int:
    """What a voucher pays: its share of the price, at most its rest, never negative.

    free: rest of the voucher. due: the price's share, already rounded half up to the fen.

    >>> held_fen(80000, 6000), held_fen(500, 6000), held_fen(0, 6000)
    (6000, 500, 0)
    """
    return max(0, min(free, due))
