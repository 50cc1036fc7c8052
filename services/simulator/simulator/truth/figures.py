"""What a figure must be, from the truth of the measures that it is made of. Pure."""

from collections import Counter
from collections.abc import Mapping
from typing import NamedTuple

from kit.contracts import areas
from simulator.truth.measures import KNOWN

LEVELS = (2, 3, 4, 5)
Pair = tuple[int, int]
"""Numerator and denominator of a figure; fen and 0 of an account."""
Amounts = Counter[str]  # by area


class Definition(NamedTuple):
    """What a figure is made of: names of measures, the denominator's empty where there is none.

    level: the figure is the areas of this level where the numerator is above zero, over all areas
    of the level. area_types: over those that are one of these alone, where any is given.
    """

    code: str
    numerator: str
    denominator: str = ""
    level: int | None = None
    area_types: tuple[str, ...] = ()


class NoTruth(Exception):
    """A figure is made of a measure that has no truth here."""

    def __init__(self, code: str, measure: str) -> None:
        super().__init__(f"{code}: no truth of {measure}")


def figure(one: Definition, counted: Mapping[str, Amounts], tree: areas.Areas) -> dict[str, Pair]:
    """A figure of every area from city to village in which something was counted.

    counted: by measure, in the areas of the facts; without those of which nothing was counted.
    Raises: NoTruth.
    """
    for measure in filter(None, (one.numerator, one.denominator)):
        if measure not in KNOWN:
            raise NoTruth(one.code, measure)
    above = rolled_up(counted.get(one.numerator, Amounts()))
    below = rolled_up(counted.get(one.denominator, Amounts()))
    if one.level is not None:
        places = [
            area.code
            for area in tree
            if area.level == one.level and (not one.area_types or area.kinds & set(one.area_types))
        ]
        above = rolled_up(Amounts({place: int(above[place] > 0) for place in places}))
        below = rolled_up(Amounts(places))
    return {area: (above[area], below[area]) for area in above.keys() | below.keys()}


def rolled_up(amounts: Amounts) -> Amounts:
    """What lies in an area counts in every area above it."""
    rolled = Amounts()
    for area, amount in amounts.items():
        for level in LEVELS:
            if level <= areas.level(area):
                rolled[areas.at(area, level)] += amount
    return rolled
