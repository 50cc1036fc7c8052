"""Which figures single an elder out, and what is withheld so that they cannot be computed. Pure."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence

from eldercare.datacenter.v1 import api_pb2 as pb

from kit.contracts import areas

SEE_ELDERS = frozenset({"official"})  # of the roles that figures are for (Elders.List)
Key = tuple[str, str, str]  # figure, area, month


def withhold(
    made: Sequence[pb.Figure],
    beside: Iterable[pb.Figure],
    sensitive: Collection[str],
    least_people: int,
) -> None:
    """Takes out of `made` what tells of fewer people. Where it is one of the areas of a whole
    the difference would tell it, so that the least of the others goes too; so do the variants of a
    figure, by sex, which make up a whole.

    beside: the figures of the other areas of the same whole. sensitive: codes of those figures that
    tell what nobody knows of an elder by seeing that one is there.
    """
    every = {
        (one.code, one.area_code, one.month): one
        for one in (*beside, *made)
        if one.code in sensitive and not one.no_data
    }
    wholes: defaultdict[Key, list[Key]] = defaultdict(list)
    variants: defaultdict[Key, list[Key]] = defaultdict(list)
    for key in every:
        code, area_code, month = key
        wholes[code, areas.parent(area_code) or "", month].append(key)
        stem, _, variant = code.partition("_")
        if variant:
            variants[stem, area_code, month].append(key)
    small = {key for key, one in every.items() if _is_small(one, least_people)}
    before = -1
    while before < len(small):
        before = len(small)
        for keys in variants.values():
            if not small.isdisjoint(keys):
                small.update(keys)
        for keys in wholes.values():
            small.update(_least_beside(keys, small, every))
    for one in made:
        if (one.code, one.area_code, one.month) in small:
            _clear(one)


def _is_small(one: pb.Figure, least_people: int) -> bool:
    return 0 < one.numerator < least_people or 0 < one.denominator < least_people


def _least_beside(
    keys: Sequence[Key], small: Collection[Key], every: dict[Key, pb.Figure]
) -> list[Key]:
    """The one that goes too, where one of these areas alone is withheld."""
    if sum(key in small for key in keys) != 1:
        return []
    others = [key for key in keys if key not in small and every[key].numerator]
    return [min(others, key=lambda key: (every[key].numerator, key))] if others else []


def _clear(one: pb.Figure) -> None:
    for name in ("value", "numerator", "denominator", "unassessed", "restated"):
        one.ClearField(name)
    one.withheld = True
