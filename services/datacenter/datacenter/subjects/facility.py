"""A facility of one of the three tiers, and its beds."""

from collections.abc import Iterator, Sequence
from typing import Annotated, NamedTuple

from eldercare.facility.v1 import events_pb2 as facility_events

from datacenter.limits import Limits
from datacenter.subjects import timelines
from datacenter.subjects.declaration import State, Subject, When
from datacenter.subjects.merges import newest

_Facility = facility_events.Facility
SOCIAL = frozenset((_Facility.OPERATION_CONTRACTED, _Facility.OPERATION_PRIVATE))


class FacilityState(NamedTuple):
    """The full state of a facility at one version."""

    month: int
    sequence: int
    at: int
    area: str
    is_open: bool
    tier: int
    operation: int
    beds: int
    nursing_beds: int


class FacilityThen(NamedTuple):
    """An open facility at the end of a month."""

    area: str
    tier: int
    operation: int
    beds: int
    nursing_beds: int


class Facility(State):
    """What is known of a facility."""

    states: Annotated[Sequence[FacilityState], newest, "the public state"] = ()


facility = Subject("facility", 6, Facility)


@facility.on(
    facility_events.FacilityOpened,
    facility_events.FacilityChanged,
    facility_events.FacilityClosed,
    id="facility.facility_id",
)
def _state(
    event: facility_events.FacilityOpened
    | facility_events.FacilityChanged
    | facility_events.FacilityClosed,
    when: When,
    _: Limits,
) -> Facility:
    state = event.facility
    is_open = state.status == _Facility.STATUS_OPEN
    now = FacilityState(
        *when.since(state.valid_from),
        state.area_code,
        is_open,
        state.tier,
        state.operation,
        state.beds,
        state.nursing_beds,
    )
    return Facility(states=(now,))


def _turns(facility: Facility, _: Limits) -> Iterator[int]:
    return (state.month for state in facility.states)


def _open(facility: Facility, month: int, _: Limits) -> FacilityThen | None:
    state = timelines.at(facility.states, month)
    if state is None or not state.is_open:
        return None
    return FacilityThen(state.area, state.tier, state.operation, state.beds, state.nursing_beds)


stock = facility.stocks(_turns, _open).measure

stock("FACILITIES", "open facilities")
stock("TOWN_FACILITIES", "of the township tier", lambda then, _: then.tier == _Facility.TIER_TOWN)
stock("BEDS", "open beds", lambda then, _: then.beds)
stock("NURSING_BEDS", "open nursing beds", lambda then, _: then.nursing_beds)
stock(
    "COUNTY_BEDS",
    "beds of the county tier",
    lambda then, _: then.beds if then.tier == _Facility.TIER_COUNTY else 0,
)
stock(
    "COUNTY_NURSING_BEDS",
    "nursing beds of the county tier",
    lambda then, _: then.nursing_beds if then.tier == _Facility.TIER_COUNTY else 0,
)
stock(
    "SOCIAL_BEDS",
    "beds in contracted or private operation",
    lambda then, _: then.beds if then.operation in SOCIAL else 0,
)
