"""The numbers of norms and policies as the city knows them; written down a second time in `standards/`, never asked of the platform."""

from datetime import date
from functools import cache
from typing import Any

from kit import standards


def known(path: str, on: date) -> Any:
    """The value of "file.key" in force on a day."""
    return _standards().value(path, on)


@cache
def _standards() -> standards.Standards:
    return standards.load("simulator")
