"""Facilities and their residents at the end of a month."""

from collections.abc import Iterable
from datetime import datetime
from typing import NamedTuple

from eldercare.facility.v1 import events_pb2 as facility

from datacenter.proofs.recount.counting import Handlers, Month, Newest
from kit.contracts import areas

counts: "Handlers[Facilities]" = Handlers()
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
        self._facilities.take(f.facility_id, (sequence, time), time, state)

    @counts(facility.StayBegan)
    def _admitted(self, event: facility.StayBegan, _: datetime, __: int) -> None:
        if self._month.has_begun(event.admitted_at):
            self._begun[event.stay_id] = event.area_code

    @counts(facility.StayEnded)
    def _discharged(self, event: facility.StayEnded, _: datetime, __: int) -> None:
        if self._month.has_begun(event.discharged_at):
            self._ended.add(event.stay_id)

    def count(self) -> None:
        """Looks at each facility and stay once, and at each village and township."""
        for stay_id, area in self._begun.items():
            self._month.add("FA09", area, stay_id not in self._ended)
        open_ones = [one for one in self._facilities.states() if one.is_open]
        for one in open_ones:
            self._count(one)
        of_towns = (areas.at(one.area, areas.TOWNSHIP) for one in open_ones if one.tier == _TOWN)
        self._count_covered("FA02", areas.COMMUNITY, (one.area for one in open_ones))
        self._count_covered("FA06", areas.TOWNSHIP, of_towns)

    def _count(self, one: _Facility) -> None:
        add, beds, is_county = self._month.add, one.beds, one.tier == _COUNTY
        add("FA07", one.area, beds)
        add("FA09", one.area, 0, beds)
        add("FA08", one.area, one.nursing_beds if is_county else 0, beds if is_county else 0)
        add("FA11", one.area, beds if one.operation in (_CONTRACTED, _PRIVATE) else 0, beds)

    def _count_covered(self, code: str, level: int, covered: Iterable[str]) -> None:
        there = set(covered)
        for place in areas.load():
            if place.level == level:
                self._month.add(code, place.code, place.code in there, 1)
