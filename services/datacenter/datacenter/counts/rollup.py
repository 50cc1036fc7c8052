"""Which areas a count is shown in."""

from functools import cache

from datacenter.indicators.rules import LEAST, TOP
from datacenter.subjects.measures import Counts, Row, add
from kit.contracts import areas


def rolled_up(counts: Counts) -> Counts:
    """The same counts for every area from the city down to the fact's own, without zeros; they are
    used up.
    """
    levels = _by_level(counts)
    for depth in range(len(levels) - 1, 1, -1):
        above = levels[depth - 1]
        for (area, month), row in levels[depth].items():
            place = (holders(area)[-2], month)
            known = above.get(place)
            if known is None:
                above[place] = row.copy()
            else:
                add(known, row)
    return {
        place: row
        for rows in levels
        for place, changed in rows.items()
        if (row := _without_zeros(changed))
    }


def _by_level(counts: Counts) -> list[Counts]:
    """What is counted in the areas of each depth, the city's being 1."""
    levels: list[Counts] = [{} for _ in range(TOP, LEAST + 2)]
    for (area, month), row in counts.items():
        chain = holders(area)
        rows, place = levels[len(chain)], (chain[-1], month)
        known = rows.get(place)
        if known is None:
            rows[place] = row
        else:
            add(known, row)
    return levels


def _without_zeros(row: Row) -> Row:
    if 0 in row.values():
        return {measure: amount for measure, amount in row.items() if amount}
    return row


@cache
def holders(area: str) -> tuple[str, ...]:
    """The areas with figures that an area lies in, itself included.

    >>> holders("341102001000")
    ('341100000000', '341102000000', '341102001000')
    """
    return tuple(areas.at(area, rank) for rank in range(TOP, min(areas.level(area), LEAST) + 1))
