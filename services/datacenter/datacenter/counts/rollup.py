"""Which areas a count is shown in."""

from functools import cache

from datacenter.indicators.rules import LEAST, TOP
from datacenter.subjects.compiled import Counts
from kit.contracts import areas


def rolled_up(counts: Counts) -> Counts:
    """The same counts for every area from the city down to the fact's own."""
    total: Counts = {}
    for (measure, area, month), amount in counts.items():
        if amount:
            for code in holders(area):
                key = (measure, code, month)
                total[key] = total.get(key, 0) + amount
    return total


@cache
def holders(area: str) -> tuple[str, ...]:
    """The areas with figures that an area lies in, itself included.

    >>> holders("341102001000")
    ('341100000000', '341102000000', '341102001000')
    """
    return tuple(areas.at(area, rank) for rank in range(TOP, min(areas.level(area), LEAST) + 1))
