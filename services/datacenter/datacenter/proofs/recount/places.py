"""Facilities, residents and workers at the end of a month."""

from collections import Counter
from datetime import UTC, datetime
from typing import Any

from eldercare.facility.v1 import events_pb2 as facility

from datacenter.proofs.recount.counting import Handlers, Month
from kit.contracts import areas

counts = Handlers()
_COUNTY, _TOWN = 1, 2
_CONTRACTED, _PRIVATE = 2, 3


class Places:
    """Of each facility and worker the newest state, with its rank first; where stays began, and
    which ended.
    """

    def __init__(self, month: Month) -> None:
        self._month = month
        self._facilities: dict[
            str, tuple[Any, ...]
        ] = {}  # rank, organisation, area, whether it is open, tier, operation, beds, nursing beds
        self._workers: dict[
            str, tuple[Any, ...]
        ] = {}  # rank, organisation, area, whether an active caregiver, last day of the certificate
        self._organisations: dict[str, tuple[Any, ...]] = {}  # rank, area
        self._begun: dict[str, tuple[str, str]] = {}  # organisation, area
        self._ended: set[str] = set()

    @counts(facility.OrganisationRegistered, facility.OrganisationChanged)
    def _organisation(self, event: Any, time: datetime, sequence: int) -> None:
        o = event.organisation
        self._month.newest(
            self._organisations, o.organisation_id, (sequence, time), time, o.area_code
        )

    @counts(facility.FacilityOpened, facility.FacilityChanged, facility.FacilityClosed)
    def _facility(self, event: Any, time: datetime, sequence: int) -> None:
        f = event.facility
        state = (
            f.organisation_id,
            f.area_code,
            f.status == f.STATUS_OPEN,
            f.tier,
            f.operation,
            f.beds,
            f.nursing_beds,
        )
        self._month.newest(self._facilities, f.facility_id, (sequence, time), time, *state)

    @counts(facility.WorkerRegistered, facility.WorkerChanged, facility.WorkerLeft)
    def _worker(self, event: Any, time: datetime, sequence: int) -> None:
        w = event.worker
        counted = w.status == w.STATUS_ACTIVE and w.caregiver
        state = (w.organisation_id, w.area_code, counted, w.certified_until)
        self._month.newest(self._workers, w.worker_id, (sequence, time), time, *state)

    @counts(facility.StayBegan)
    def _admitted(self, event: Any, _: datetime, __: int) -> None:
        if event.admitted_at.ToDatetime(UTC) < self._month.end:
            self._begun[event.stay_id] = (event.organisation_id, event.area_code)

    @counts(facility.StayEnded)
    def _discharged(self, event: Any, _: datetime, __: int) -> None:
        if event.discharged_at.ToDatetime(UTC) < self._month.end:
            self._ended.add(event.stay_id)

    def count(self) -> None:
        """Looks at each facility, stay and worker once, and at each village and township."""
        add = self._month.add
        covered: dict[str, set[str]] = {"FA02": set(), "FA06": set()}
        for _, _, area, is_open, tier, operation, beds, nursing in self._facilities.values():
            if not is_open:
                continue
            covered["FA02"].add(area)
            if tier == _TOWN:
                covered["FA06"].add(areas.at(area, areas.TOWNSHIP))
            add("FA07", area, beds)
            add("FA09", area, 0, beds)
            add("FA08", area, nursing if tier == _COUNTY else 0, beds if tier == _COUNTY else 0)
            add("FA11", area, beds if operation in (_CONTRACTED, _PRIVATE) else 0, beds)
        for key, (_, area) in self._begun.items():
            add("FA09", area, key not in self._ended)
        for code, rank in (("FA02", areas.COMMUNITY), ("FA06", areas.TOWNSHIP)):
            for place in areas.load():
                if place.level == rank:
                    add(code, place.code, place.code in covered[code], 1)
        for _, _, area, counted, certified_until in self._workers.values():
            if counted:
                add("ST02", area, certified_until >= self._month.last_day, 1)
        self._count_staff()

    def _count_staff(self) -> None:
        """Looks at each organisation that keeps an open institution."""
        last_day, persons = self._month.last_day, self._month.limits.persons_per_caregiver
        residents = Counter(
            organisation for key, (organisation, _) in self._begun.items() if key not in self._ended
        )
        certified = Counter(
            organisation
            for _, organisation, _, counted, until in self._workers.values()
            if counted and until >= last_day
        )
        with_county_institution = {
            organisation
            for _, organisation, _, is_open, tier, *_ in self._facilities.values()
            if is_open and tier == _COUNTY
        }
        for key, (_, area) in self._organisations.items():
            if key in with_county_institution:
                self._month.add("ST01", area, residents[key] <= persons * certified[key], 1)
