"""What is counted. Pure."""

from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True, eq=False, slots=True)
class Measure:
    """What is counted."""

    name: str
    meaning: str
    is_stock: bool

    @property
    def column(self) -> str:
        """Its column in the table of counts."""
        return self.name.lower()

    @property
    def unit(self) -> str:
        """`fen` of money, else `count`; a name of money tells it.

        >>> Measure("GIVEN_FEN", "value given", False).unit
        'fen'
        """
        return "fen" if "FEN" in self.name.split("_") else "count"


Row = dict[Measure, int]  # what is counted, and how much
Counts = dict[tuple[str, int], Row]  # by area code and month
_NO_ROW: Row = {}
Count = tuple[Measure, str, int, int]  # measure, area code, month, amount


def differs(before: Counts, after: Counts, until: int) -> bool:
    """Whether anything is counted otherwise in a month before one."""
    return any(
        place[1] < until and before.get(place, _NO_ROW) != after.get(place, _NO_ROW)
        for place in {*before, *after}
    )


def difference(before: Counts, after: Counts, until: int) -> Counts:
    """By how much more is counted in the months before one; nothing that is the same."""
    found: Counts = {}
    for place in {*before, *after}:
        if place[1] < until:
            was, now = before.get(place, _NO_ROW), after.get(place, _NO_ROW)
            row = {
                measure: amount
                for measure in {*was, *now}
                if (amount := now.get(measure, 0) - was.get(measure, 0))
            }
            if row:
                found[place] = row
    return found


def counts_of(counts: Iterable[Count]) -> Counts:
    """The same by area and month."""
    found: Counts = {}
    for measure, area, month, amount in counts:
        add(found.setdefault((area, month), {}), {measure: amount})
    return found


def add(known: Row, more: Row) -> None:
    """Adds amounts to those that are known, in place."""
    for measure, amount in more.items():
        known[measure] = known.get(measure, 0) + amount
