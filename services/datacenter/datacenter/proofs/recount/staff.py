"""Workers at the end of a month, and whether they are enough for the residents."""

from collections import Counter, defaultdict
from collections.abc import Mapping
from datetime import datetime
from fractions import Fraction
from math import ceil
from typing import NamedTuple

from eldercare.assessment.v1 import events_pb2 as assessment
from eldercare.facility.v1 import events_pb2 as facility

from datacenter.proofs.recount.counting import Handlers, Month, Newest

counts: "Handlers[Staff]" = Handlers(
    "CAREGIVERS",
    "CERTIFIED",
    "INSTITUTIONS",
    "INSTITUTIONS_STAFFED",
    "STAFF_CERTIFIED",
    "RESIDENTS_DEPENDENT",
    "RESIDENTS_SEMI_DEPENDENT",
    "RESIDENTS_SELF_RELIANT",
)
_COUNTY = 1
_Registration = facility.OrganisationRegistered | facility.OrganisationChanged
_FacilityState = facility.FacilityOpened | facility.FacilityChanged | facility.FacilityClosed
_WorkerState = facility.WorkerRegistered | facility.WorkerChanged | facility.WorkerLeft


class _House(NamedTuple):
    organisation_id: str
    is_open_institution: bool


class _Worker(NamedTuple):
    organisation_id: str
    area: str
    is_caregiver: bool
    visits_homes: bool
    last_day: str  # of the certificate


class _Result(NamedTuple):
    first_day: str
    end: str  # the day after the last
    level: int


class Staff:
    """Of each organisation, facility and worker the newest state; who stays with whom."""

    def __init__(self, month: Month) -> None:
        self._month = month
        self._areas: Newest[str] = Newest(month)  # of organisations
        self._houses: Newest[_House] = Newest(month)
        self._workers: Newest[_Worker] = Newest(month)
        self._results: Newest[_Result] = Newest(month)  # by elder
        self._begun: dict[str, tuple[str, str]] = {}  # stay → organisation, elder
        self._ended: set[str] = set()

    @counts(facility.OrganisationRegistered, facility.OrganisationChanged)
    def _organisation(self, event: _Registration, time: datetime, sequence: int) -> None:
        o = event.organisation
        self._areas.take(o.organisation_id, (sequence, time), time, o.area_code)

    @counts(facility.FacilityOpened, facility.FacilityChanged, facility.FacilityClosed)
    def _facility(self, event: _FacilityState, time: datetime, sequence: int) -> None:
        f = event.facility
        is_open = f.status == f.STATUS_OPEN
        state = _House(f.organisation_id, is_open and f.tier == _COUNTY)
        since = f.valid_from or time
        self._houses.take(f.facility_id, (sequence, time), since, state)

    @counts(facility.WorkerRegistered, facility.WorkerChanged, facility.WorkerLeft)
    def _worker(self, event: _WorkerState, time: datetime, sequence: int) -> None:
        w = event.worker
        is_caregiver = w.status == w.STATUS_ACTIVE and w.caregiver
        visits_homes = w.place_of_work == w.PLACE_OF_WORK_HOMES
        state = _Worker(
            w.organisation_id, w.area_code, is_caregiver, visits_homes, w.certified_until
        )
        since = w.left_on or time
        self._workers.take(w.worker_id, (sequence, time), since, state)

    @counts(facility.StayBegan)
    def _admitted(self, event: facility.StayBegan, _: datetime, __: int) -> None:
        if self._month.reaches(event.began_on):
            self._begun[event.stay_id] = (event.organisation_id, event.elder_id)

    @counts(facility.StayEnded)
    def _discharged(self, event: facility.StayEnded, _: datetime, __: int) -> None:
        if self._month.reaches(event.ended_on):
            self._ended.add(event.stay_id)

    @counts(assessment.AssessmentApproved)
    def _approved(self, event: assessment.AssessmentApproved, time: datetime, _: int) -> None:
        state = _Result(event.valid_from, event.valid_to, event.level)
        rank = (time, event.assessment_id)
        self._results.take(event.elder_id, rank, event.approved_at, state)

    def count(self) -> None:
        """Looks at each worker once, and at each organisation that keeps an open institution."""
        caregivers = [worker for worker in self._workers.states() if worker.is_caregiver]
        for worker in caregivers:
            self._month.add(worker.area, CAREGIVERS=1, CERTIFIED=self._is_certified(worker))
        certified = Counter(
            worker.organisation_id
            for worker in caregivers
            if self._is_certified(worker) and not worker.visits_homes
        )
        residents: defaultdict[str, Counter[str]] = defaultdict(Counter)
        for stay_id, (organisation_id, elder_id) in self._begun.items():
            if stay_id not in self._ended:
                residents[organisation_id][self._kind(elder_id)] += 1
        operators = {
            house.organisation_id for house in self._houses.states() if house.is_open_institution
        }
        for key, area in self._areas.items():
            if key in operators:
                is_staffed = certified[key] >= self._required(residents[key])
                self._month.add(area, INSTITUTIONS=1, INSTITUTIONS_STAFFED=is_staffed)
                self._month.add(area, STAFF_CERTIFIED=certified[key], **residents[key])

    def _kind(self, elder_id: str) -> str:
        """The measure in which a resident counts."""
        limits, result = self._month.limits, self._results.get(elder_id)
        is_valid = result and result.first_day <= self._month.last_day < result.end
        level = result.level if result and is_valid else 0
        if level >= limits.dependent_resident_level:
            return "RESIDENTS_DEPENDENT"
        if level >= limits.semi_dependent_resident_level:
            return "RESIDENTS_SEMI_DEPENDENT"
        return "RESIDENTS_SELF_RELIANT"

    def _required(self, residents: Mapping[str, int]) -> int:
        """How many caregivers residents need, by the measures in which they count."""
        limits = self._month.limits
        per_caregiver = {
            "RESIDENTS_DEPENDENT": limits.dependent_per_caregiver,
            "RESIDENTS_SEMI_DEPENDENT": limits.semi_dependent_per_caregiver,
            "RESIDENTS_SELF_RELIANT": limits.self_reliant_per_caregiver,
        }
        return ceil(sum(Fraction(count, per_caregiver[kind]) for kind, count in residents.items()))

    def _is_certified(self, worker: _Worker) -> bool:
        return worker.last_day >= self._month.last_day
