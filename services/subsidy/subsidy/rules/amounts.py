"""How much of a price a voucher pays, and whether anything is due. Pure."""

from datetime import date


def free_fen(issued_fen: int, reserved_fen: int, captured_fen: int, lapsed_fen: int) -> int:
    """What of a voucher is neither held, used nor gone."""
    return issued_fen - reserved_fen - captured_fen - lapsed_fen


def held_fen(free: int, due: int) -> int:
    """What a voucher pays: its share of the price, at most its rest, never negative.

    free: rest of the voucher. due: the price's share, already rounded half up to the fen.

    >>> held_fen(80000, 6000), held_fen(500, 6000), held_fen(0, 6000)
    (6000, 500, 0)
    """
    return max(0, min(free, due))


def is_after_death(visited_on: date | None, died_on: date | None) -> bool:
    """Whether a visit lies behind the day of death; one on that day was given, and one of an
    unknown day counts as given.

    >>> [is_after_death(visited_on, date(2026, 3, 1)) for visited_on in (date(2026, 3, 1), date(2026, 3, 2), None)]
    [False, True, False]
    """
    return visited_on is not None and died_on is not None and visited_on > died_on
