"""An elder's share in the stocks: alive, old, alone, assessed, entitled, vouchered; month by month.

Known of an elder, all by month of hearing (business time):
    e  states [month, sequence, µs, area, flags, month of birth]
    r  results [month, µs, id, first month, first month after, level]
    t  care entitlements {id: [[month, sequence, µs, 1 open or 0 ended]]}
    v  months of vouchers
"""

from bisect import bisect_right
from functools import cache
from typing import Any

from datacenter.rules import timelines
from datacenter.rules.measures import Counts, Limits, Measure
from datacenter.rules.months import YEAR

ALIVE, ALONE, COMPLETE, SPECIAL, BASIC, CARE = 1, 2, 4, 8, 16, 32  # flags of a state

State = dict[str, Any]


def knows_state(elder: State, entry: list[Any]) -> None:
    """[month, sequence, µs, area, flags, month of birth]: the full state at one version."""
    timelines.put(elder.setdefault("e", []), entry)


def knows_result(elder: State, entry: list[Any]) -> None:
    """[month, µs, id, first month, first month after, level]: a result came into force."""
    timelines.put(elder.setdefault("r", []), entry)


def knows_care(elder: State, entitlement_id: str, entry: list[Any]) -> None:
    """[month, sequence, µs, 1 or 0]: the care subsidy was opened or ended."""
    timelines.put(elder.setdefault("t", {}).setdefault(entitlement_id, []), entry)


def knows_voucher(elder: State, month: int, heard: int) -> None:
    """A voucher of a month was issued; one that was issued later is no part of that month's stock."""
    known = elder.setdefault("v", [])
    if heard <= month and month not in known:
        known.append(month)
        known.sort()


def counts_of(elder: State, limits: Limits) -> Counts:
    """What the elder adds to the stocks, as changes by month, and to the months' vouchers."""
    states = elder.get("e")
    if not states:
        return {}
    results, cares = elder.get("r", ()), elder.get("t")
    cuts = {entry[0] for entry in states}
    old, oldest = limits.old_years * YEAR, limits.oldest_years * YEAR
    for birth in {entry[5] for entry in states}:
        cuts.add(birth + old)
        cuts.add(birth + oldest)
    for result in results:
        cuts.update((result[0], result[3], result[4]))
    if cares:
        cuts.update(entry[0] for care in cares.values() for entry in care)
    begin = states[0][0]
    months, areas, masks = [], [], []
    counts: Counts = {}
    area, mask = "", 0
    for month in sorted(cut for cut in cuts if cut >= begin):
        state = timelines.at(states, month)
        assert state is not None
        now = _mask(state, results, cares, month, limits) if state[4] & ALIVE else 0
        if now != mask or state[3] != area:
            _change(counts, area, mask, state[3], now, month)
            area, mask = state[3], now
            months.append(month)
            areas.append(area)
            masks.append(mask)
    for month in elder.get("v", ()):
        place = bisect_right(months, month) - 1
        if place >= 0 and masks[place] >> Measure.DEPENDENT & 1:
            counts[Measure.VOUCHERED, areas[place], month] = 1
    return counts


def _mask(state: list[Any], results: Any, cares: Any, month: int, limits: Limits) -> int:
    """One bit for each stock that a living elder is part of."""
    flags: int = state[4]
    age: int = month - state[5]
    result = timelines.at(results, month) if results else None
    level: int | None = result[5] if result is not None and result[3] <= month < result[4] else None
    dependent = level is not None and level >= limits.dependent_level
    is_old, basic = age >= limits.old_years * YEAR, bool(flags & BASIC)
    mask = (
        1 << Measure.ALIVE
        | is_old << Measure.ALIVE_65
        | (age >= limits.oldest_years * YEAR) << Measure.ALIVE_80
    )
    mask |= bool(flags & ALONE) << Measure.ALONE | bool(flags & COMPLETE) << Measure.COMPLETE
    mask |= (dependent or bool(flags & SPECIAL)) << Measure.SPECIAL | basic << Measure.BASIC
    if level is not None:
        mask |= (
            1 << Measure.ASSESSED
            | is_old << Measure.ASSESSED_65
            | basic << Measure.BASIC_ASSESSED
            | dependent << Measure.DEPENDENT
        )
    if dependent and flags & CARE:
        mask |= 1 << Measure.CARE_ELIGIBLE | _given(cares, month) << Measure.CARE_GIVEN
    return mask


def _given(cares: Any, month: int) -> bool:
    return any(
        entry[3]
        for care in (cares or {}).values()
        if (entry := timelines.at(care, month)) is not None
    )


def _change(counts: Counts, area: str, mask: int, new_area: str, new: int, month: int) -> None:
    if area == new_area:
        for measure in _bits(new & ~mask):
            counts[measure, area, month] = 1
        for measure in _bits(mask & ~new):
            counts[measure, area, month] = -1
        return
    for measure in _bits(mask):
        counts[measure, area, month] = -1
    for measure in _bits(new):
        counts[measure, new_area, month] = 1


@cache
def _bits(mask: int) -> tuple[int, ...]:
    return tuple(int(measure) for measure in Measure if mask >> measure & 1)
