"""Which areas a count is shown in."""

from functools import cache

from datacenter.indicators.rules import LEAST, TOP
from datacenter.subjects.measures import Counts, Measure
from kit.contracts import areas

Row = dict[Measure, int]
Rows = dict[tuple[str, int], Row]  # area code, month → what is counted there


def rolled_up(counts: Counts) -> Rows:
    """The same counts for every area from the city down to the fact's own."""
    levels = _by_level(counts)
    for depth in range(len(levels) - 1, 1, -1):
        above = levels[depth - 1]
        for (area, month), row in levels[depth].items():
            place = (holders(area)[-2], month)
            known = above.get(place)
            if known is None:
                above[place] = row.copy()
            else:
                _add(known, row)
    return {place: row for rows in levels for place, row in rows.items() if row}


def _by_level(counts: Counts) -> list[Rows]:
    """What is counted in the areas of each depth, the city's being 1."""
    levels: list[Rows] = [{} for _ in range(TOP, LEAST + 2)]
    for (measure, area, month), amount in counts.items():
        if amount:
            chain = holders(area)
            rows, place = levels[len(chain)], (chain[-1], month)
            row = rows.get(place)
            if row is None:
                rows[place] = {measure: amount}
            else:
                row[measure] = row.get(measure, 0) + amount
    return levels


def _add(known: Row, row: Row) -> None:
    for measure, amount in row.items():
        if whole := known.get(measure, 0) + amount:
            known[measure] = whole
        else:
            known.pop(measure, None)


@cache
def holders(area: str) -> tuple[str, ...]:
    """The areas with figures that an area lies in, itself included.

    >>> holders("341102001000")
    ('341100000000', '341102000000', '341102001000')
    """
    return tuple(areas.at(area, rank) for rank in range(TOP, min(areas.level(area), LEAST) + 1))
