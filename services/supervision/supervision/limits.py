"""The numbers of `standards/`, read once."""

from functools import cache

from kit.contracts import standards
from kit.contracts.standards import Standards


@cache
def loaded() -> Standards:
    """The standards of supervision."""
    return standards.load("supervision")
