"""What facilities, stays and workers add to the stocks."""

from typing import Any

from datacenter.rules import timelines
from datacenter.rules.measures import Counts, Limits, Measure

State = dict[str, Any]

COUNTY, TOWN = 1, 2  # Facility.Tier
SOCIAL = (2, 3)  # Facility.Operation: contracted, private


def knows_state(thing: State, entry: list[Any]) -> None:
    """The full state at one version: [month, sequence, µs, area, …]."""
    timelines.put(thing.setdefault("e", []), entry)


def facility_counts(facility: State, _: Limits) -> Counts:
    """e: [month, sequence, µs, area, open, tier, operation, beds, nursing beds]."""
    counts: Counts = {}
    before: dict[tuple[int, str], int] = {}
    for month, _rank, _at, area, is_open, tier, operation, beds, nursing in facility.get("e", ()):
        now: dict[tuple[int, str], int] = {}
        if is_open:
            now = {(Measure.FACILITIES, area): 1, (Measure.BEDS, area): beds}
            if tier == TOWN:
                now[Measure.TOWN_FACILITIES, area] = 1
            if tier == COUNTY:
                now[Measure.COUNTY_BEDS, area], now[Measure.COUNTY_NURSING_BEDS, area] = (
                    beds,
                    nursing,
                )
            if operation in SOCIAL:
                now[Measure.SOCIAL_BEDS, area] = beds
        _differ(counts, before, now, month)
        before = now
    return counts


def stay_counts(stay: State, _: Limits) -> Counts:
    """b: [area, month] of the admission; z: month of the discharge."""
    began = stay.get("b")
    if began is None:
        return {}
    area, month = began
    counts = {(int(Measure.STAYS), area, month): 1}
    if (ended := stay.get("z")) is not None:
        key = (int(Measure.STAYS), area, max(ended, month))
        counts[key] = counts.get(key, 0) - 1
    return counts


def worker_counts(worker: State, _: Limits) -> Counts:
    """e: [month, sequence, µs, area, active caregiver, first month not certified]."""
    counts: Counts = {}
    states = worker.get("e", ())
    cuts = sorted(
        {entry[0] for entry in states}
        | {entry[5] for entry in states if states and entry[5] >= states[0][0]}
    )
    before: dict[tuple[int, str], int] = {}
    for month in cuts:
        entry = timelines.at(states, month)
        now: dict[tuple[int, str], int] = {}
        if entry is not None and entry[4]:
            now = {(Measure.CAREGIVERS, entry[3]): 1}
            if month < entry[5]:
                now[Measure.CERTIFIED, entry[3]] = 1
        _differ(counts, before, now, month)
        before = now
    return counts


def _differ(
    counts: Counts, before: dict[tuple[int, str], int], now: dict[tuple[int, str], int], month: int
) -> None:
    for measure, area in before.keys() | now.keys():
        change = now.get((measure, area), 0) - before.get((measure, area), 0)
        if change:
            counts[measure, area, month] = change
