"""Figures out of measures that were recounted. Pure."""

from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

from datacenter.proofs.recount.counting import Measures, rolled_up
from kit.contracts import areas

Figures = dict[tuple[str, str], tuple[int, int]]  # code, area → numerator, denominator


class Definition(NamedTuple):
    """What a figure is made of: names of measures.

    level: the figure is the areas of this level where the numerator is above zero, over all areas
    of the level. area_types: over those that are one of these alone.
    """

    code: str
    numerator: str
    denominator: str | None = None
    level: int | None = None
    area_types: Sequence[str] = ()


class NotRecounted(Exception):
    """A figure is made of a measure that no part of the recount counts."""

    def __init__(self, code: str, measure: str) -> None:
        super().__init__(f"{code}: the recount counts no measure {measure}")


def figures_of(definitions: Iterable[Definition], counted: Measures) -> Figures:
    """Numerator and denominator of every figure and area, also where both are zero in the area.

    Raises: NotRecounted.
    """
    return {(one.code, area): parts for one in definitions for area, parts in _parts(one, counted)}


def _parts(one: Definition, counted: Measures) -> Iterator[tuple[str, tuple[int, int]]]:
    for measure in (one.numerator, one.denominator):
        if measure is not None and measure not in counted:
            raise NotRecounted(one.code, measure)
    above, below = counted[one.numerator], counted[one.denominator] if one.denominator else {}
    if one.level is not None:
        places = [
            place.code
            for place in areas.load()
            if place.level == one.level
            and (not one.area_types or any(kind in place.kinds for kind in one.area_types))
        ]
        above = rolled_up({place: above[place] > 0 for place in places})
        below = rolled_up(dict.fromkeys(places, 1))
    for area in above.keys() | below.keys():
        yield area, (above.get(area, 0), below.get(area, 0))
