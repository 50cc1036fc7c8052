"""Facilities and their residents at the end of a month."""

from datetime import datetime
from typing import NamedTuple

from eldercare.facility.v1 import events_pb2 as facility

from datacenter.proofs.recount.counting import Handlers, Month, Newest

counts: "Handlers[Facilities]" = Handlers(
    "FACILITIES",
    "TOWN_FACILITIES",
    "BEDS",
    "NURSING_BEDS",
    "COUNTY_BEDS",
    "COUNTY_NURSING_BEDS",
    "SOCIAL_BEDS",
    "STAYS",
)
_COUNTY, _TOWN = 1, 2
_CONTRACTED, _PRIVATE = 2, 3
_State = facility.FacilityOpened | facility.FacilityChanged | facility.FacilityClosed


class _Facility(NamedTuple):
    area: str
    is_open: bool
    tier: int
    operation: int
    beds: int
    nursing_beds: int


class Facilities:
    """Of each facility the newest state; where stays began, and which ended."""

    def __init__(self, month: Month) -> None:
        self._month = month
        self._facilities: Newest[_Facility] = Newest(month)
        self._begun: dict[str, str] = {}  # stay → area
        self._ended: set[str] = set()

    @counts(facility.FacilityOpened, facility.FacilityChanged, facility.FacilityClosed)
    def _facility(self, event: _State, time: datetime, sequence: int) -> None:
        f = event.facility
        is_open = f.status == f.STATUS_OPEN
        state = _Facility(f.area_code, is_open, f.tier, f.operation, f.beds, f.nursing_beds)
        since = f.valid_from or time
        self._facilities.take(f.facility_id, (sequence, time), since, state)

    @counts(facility.StayBegan)
    def _admitted(self, event: facility.StayBegan, _: datetime, __: int) -> None:
        if self._month.reaches(event.began_on):
            self._begun[event.stay_id] = event.area_code

    @counts(facility.StayEnded)
    def _discharged(self, event: facility.StayEnded, _: datetime, __: int) -> None:
        if self._month.reaches(event.ended_on):
            self._ended.add(event.stay_id)

    def count(self) -> None:
        """Looks at each facility and stay once."""
        for stay_id, area in self._begun.items():
            self._month.add(area, STAYS=stay_id not in self._ended)
        for one in self._facilities.states():
            if one.is_open:
                self._count(one)

    def _count(self, one: _Facility) -> None:
        is_county, is_social = one.tier == _COUNTY, one.operation in (_CONTRACTED, _PRIVATE)
        self._month.add(
            one.area,
            FACILITIES=1,
            TOWN_FACILITIES=one.tier == _TOWN,
            BEDS=one.beds,
            NURSING_BEDS=one.nursing_beds,
            COUNTY_BEDS=one.beds if is_county else 0,
            COUNTY_NURSING_BEDS=one.nursing_beds if is_county else 0,
            SOCIAL_BEDS=one.beds if is_social else 0,
        )
