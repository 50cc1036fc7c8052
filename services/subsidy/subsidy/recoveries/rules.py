"""The states of a claim. Pure."""

from enum import IntEnum


class RecoveryState(IntEnum):
    """Recovery.State."""

    CONTESTED = 1
    OPEN = 2
    DEFERRED = 3
    REPAID = 4
    WAIVED = 5
    WITHDRAWN = 6


DUE = (RecoveryState.OPEN, RecoveryState.DEFERRED)  # something is to come back, and for good
CLAIMED = (RecoveryState.CONTESTED, *DUE)  # money stands on the account `claims`


def outstanding_fen(claimed: int, repaid: int, waived: int, state: RecoveryState) -> int:
    """What is still to come back.

    >>> outstanding_fen(5000, 2000, 0, RecoveryState.OPEN)
    3000
    >>> outstanding_fen(5000, 0, 0, RecoveryState.WITHDRAWN)
    0
    """
    return claimed - repaid - waived if state in CLAIMED else 0
