"""Money is integer fen 分; a share of it is exact until the one rounding at the end."""

from decimal import ROUND_HALF_UP, Decimal
from fractions import Fraction

Share = Decimal | Fraction | int | str | float


def share_fen(amount: int, share: Share) -> int:
    """A share of an amount, half a fen rounded away from zero, so that a recovery takes back what
    was paid.

    amount: fen. share: usually 0..1; a float is taken as it is written (0.7 is seven tenths).

    >>> third = Fraction(1, 3)
    >>> [share_fen(5, "0.5"), share_fen(-5, "0.5"), share_fen(15, 0.7), share_fen(100, third)]
    [3, -3, 11, 33]
    """
    exact = amount * Fraction(str(share) if isinstance(share, float) else share)
    whole, rest = divmod(abs(exact.numerator), exact.denominator)
    rounded = whole + (2 * rest >= exact.denominator)
    return rounded if exact >= 0 else -rounded


def fen(yuan: Decimal | int | str) -> int:
    """Yuan as fen, half a fen rounded up.

    >>> fen("12.345")
    1235
    """
    return int((Decimal(yuan) * 100).quantize(Decimal(1), ROUND_HALF_UP))
