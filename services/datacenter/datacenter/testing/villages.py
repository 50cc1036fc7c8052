"""Where it happens."""

from functools import cache

from kit.contracts import areas

CITY = "341100000000"


@cache
def villages() -> tuple[str, ...]:
    """All villages and communities of the demo city."""
    return tuple(area.code for area in areas.load().within(CITY, areas.COMMUNITY))
