"""Numbers that the state gives to persons and organisations: their check characters, and what can
be read from them.

The codes are checked here and not by python-stdnum: its `cn.uscc` takes no authority that is a
letter (A, N, Y) and does not look at the organisation code inside.
"""

from dataclasses import dataclass
from datetime import date

_RESIDENT_WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
_RESIDENT_CHECKS = "10X98765432"
_CREDIT_ALPHABET = "0123456789ABCDEFGHJKLMNPQRTUWXY"
_ORGANISATION_WEIGHTS = (3, 7, 9, 10, 5, 8, 4, 2)
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


def full(number: str) -> str:
    """The 18 characters of an ID number; one of 15 digits, as cards bore until 1999, gets its
    century and check character. Any other text as it is, with large letters. Source: GB 11643-1999.

    >>> full("110105491231002"), full("11010519491231002x")
    ('11010519491231002X', '11010519491231002X')
    """
    if len(number) == 15 and number.isascii() and number.isdigit():
        digits = f"{number[:6]}19{number[6:]}"
        return digits + resident_check(digits)
    return number.upper()


def resident(number: str) -> Resident:
    """Reads an ID number of 18 characters, or of 15; a small x counts as X.

    Raises: WrongCheck, NoSuchDay.

    >>> resident("11010519491231002x")
    Resident(number='11010519491231002X', born_on=datetime.date(1949, 12, 31), male=False)
    """
    number = full(number)
    if resident_check(number[:17]) != number[17:]:
        raise WrongCheck("the check character of the ID number is wrong (GB 11643-1999)")
    try:
        born_on = date(int(number[6:10]), int(number[10:12]), int(number[12:14]))
    except ValueError as error:
        raise NoSuchDay("the ID number holds a birth day that does not exist") from error
    return Resident(number, born_on, male=int(number[16]) % 2 == 1)


def organisation_check(characters: str) -> str:
    """The check character behind the 8 characters of an organisation code; letters count from 10.
    Source: GB 11714.

    >>> [organisation_check(c) for c in ("MA000028", "60003734", "48500001", "M000100Y")]
    ['5', '1', '6', '4']
    """
    total = sum(
        int(character, 36) * weight
        for character, weight in zip(characters, _ORGANISATION_WEIGHTS, strict=True)
    )
    return "0123456789X0"[11 - total % 11]


def is_credit_code(code: str) -> bool:
    """True where both check characters of a unified social credit code are right: that of the
    organisation code inside (the 17th), and the last. Who registered what kind is another question.
    Source: GB 32100-2015.

    code: 18 characters of its alphabet.

    >>> [is_credit_code(code) for code in ("91350100M000100Y43", "91350100M000100Y53")]
    [True, False]
    """
    inner = organisation_check(code[8:16]) == code[16]
    return inner and credit_check(code[:17]) == code[17]


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
