"""Which areas a count is shown in."""

from functools import cache

from datacenter.indicators.rules import LEAST, TOP
from datacenter.subjects.measures import Counts, Measure
from kit.contracts import areas

Rows = dict[tuple[str, int], dict[Measure, int]]  # area code, month → what is counted there


def rolled_up(counts: Counts) -> Rows:
    """The same counts for every area from the city down to the fact's own."""
    total: Rows = {}
    for (area, month), row in _by_place(counts).items():
        for code in holders(area):
            known = total.get((code, month))
            if known is None:
                total[code, month] = row.copy()
            else:
                _add(known, row)
    return {place: row for place, row in total.items() if row}


def _add(known: dict[Measure, int], row: dict[Measure, int]) -> None:
    for measure, amount in row.items():
        if whole := known.get(measure, 0) + amount:
            known[measure] = whole
        else:
            del known[measure]


def _by_place(counts: Counts) -> Rows:
    rows: Rows = {}
    for (measure, area, month), amount in counts.items():
        if amount:
            row = rows.get((area, month))
            if row is None:
                row = rows[area, month] = {}
            row[measure] = amount
    return rows


@cache
def holders(area: str) -> tuple[str, ...]:
    """The areas with figures that an area lies in, itself included.

    >>> holders("341102001000")
    ('341100000000', '341102000000', '341102001000')
    """
    return tuple(areas.at(area, rank) for rank in range(TOP, min(areas.level(area), LEAST) + 1))
