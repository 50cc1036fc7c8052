"""ID numbers and credit codes: well formed, and nobody's. Pure."""

from collections import Counter
from datetime import date

from kit.contracts.numbers import credit_check, organisation_check, resident_check

NOWHERE = "341199"  # an area that no county has
Serials = Counter[tuple[date, bool]]
"""How many ID numbers were given by birth day and sex (True: male)."""


def id_number(born_on: date, male: bool, serials: Serials) -> str:
    """A well-formed number that nobody can have: its area part was never given to any county.

    serials: this number is noted in it.
    """
    serials[born_on, male] += 1
    serial = serials[born_on, male] * 2 + int(male)
    digits = f"{NOWHERE}{born_on:%Y%m%d}{serial:03d}"
    return digits + resident_check(digits)


def credit_code(head: str, county: str, number: int) -> str:
    """A well-formed unified social credit code. head: authority and class."""
    body = f"MJ{number:06d}"
    characters = f"{head}{county}{body}{organisation_check(body)}"
    return characters + credit_check(characters)
