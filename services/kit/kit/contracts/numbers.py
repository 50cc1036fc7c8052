"""Numbers that the state gives to persons and organisations: their check characters, and what can
be read from them.
"""

from dataclasses import dataclass
from datetime import date

_RESIDENT_WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
_RESIDENT_CHECKS = "10X98765432"
_CREDIT_ALPHABET = "0123456789ABCDEFGHJKLMNPQRTUWXY"
_CREDIT_WEIGHTS = tuple(pow(3, place, 31) for place in range(17))


class WrongCheck(ValueError):
    """The last character does not follow from those before: somebody mistyped."""


class NoSuchDay(ValueError):
    """The number holds a birth day that the calendar does not have."""


@dataclass(frozen=True, slots=True)
class Resident:
    """What a resident's ID number tells. The first six digits are where it was given, perhaps a
    withdrawn code, never where one lives.
    """

    number: str
    born_on: date
    male: bool


def resident_check(digits: str) -> str:
    """The check character behind 17 digits. Source: GB 11643-1999 (ISO 7064 MOD 11-2).

    >>> resident_check("11010519491231002"), resident_check("44052418800101001")
    ('X', '4')
    """
    return _RESIDENT_CHECKS[
        sum(int(digit) * weight for digit, weight in zip(digits, _RESIDENT_WEIGHTS, strict=True))
        % 11
    ]


def resident(number: str) -> Resident:
    """Reads an 18-character ID number; a small x counts as X.

    Raises: WrongCheck, NoSuchDay.

    >>> resident("11010519491231002x")
    Resident(number='11010519491231002X', born_on=datetime.date(1949, 12, 31), male=False)
    """
    number = number.upper()
    if resident_check(number[:17]) != number[17:]:
        raise WrongCheck("the check character of the ID number is wrong (GB 11643-1999)")
    try:
        born_on = date(int(number[6:10]), int(number[10:12]), int(number[12:14]))
    except ValueError as error:
        raise NoSuchDay("the ID number holds a birth day that does not exist") from error
    return Resident(number, born_on, male=int(number[16]) % 2 == 1)


def credit_check(characters: str) -> str:
    """The check character behind 17 characters of a unified social credit code. Source: GB
    32100-2015.

    The outer remainder matters where the sum is a multiple of 31, as in the last example. Raises:
    ValueError for I, O, S, V or Z.

    >>> [credit_check(c) for c in ("91350100M000100Y4", "91110000600037341", "91341100MA0000285")]
    ['3', 'L', '0']
    """
    total = sum(
        _CREDIT_ALPHABET.index(character) * weight
        for character, weight in zip(characters, _CREDIT_WEIGHTS, strict=True)
    )
    return _CREDIT_ALPHABET[(31 - total % 31) % 31]


def age_on(born_on: date, day: date) -> int:
    """Completed years of life.

    >>> age_on(date(1960, 2, 29), date(2020, 2, 28)), age_on(date(1960, 2, 29), date(2020, 3, 1))
    (59, 60)
    """
    return day.year - born_on.year - ((day.month, day.day) < (born_on.month, born_on.day))
