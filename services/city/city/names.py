"""The services there are, and what a city has where nobody says otherwise; imported by every verb,
so it imports nothing heavy.
"""

from functools import cache
from importlib.util import find_spec

BUSINESS = ("assessment", "subsidy", "facility", "dispatch", "supervision", "datacenter")
NAMES = (*BUSINESS, "gateway")
DEFAULT_PORT = 8080
PARTITIONS = 4


@cache
def present() -> tuple[str, ...]:
    """The services that this installation can run."""
    return tuple(name for name in NAMES if find_spec(name) and find_spec(f"{name}.__main__"))


def variable(service: str) -> str:
    """The name of the variable that holds the address of a service's database, where one process
    knows several.
    """
    return f"{service.upper()}_DATABASE"
