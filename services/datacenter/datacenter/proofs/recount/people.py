"""Elders at the end of a month: who lives where, how able, and what they are given."""

from collections import defaultdict
from datetime import datetime
from typing import NamedTuple

from eldercare.assessment.v1 import events_pb2 as assessment
from eldercare.subsidy.v1 import events_pb2 as subsidy

from datacenter.proofs.recount.counting import Handlers, Month, Newest

counts: "Handlers[People]" = Handlers()
_MALE, _FEMALE = 1, 2
_ALONE, _SPOUSE, _LEFT_BEHIND = 1, 2, 4
_DIBAO, _TEKUN, _LOW_INCOME, _HANDICAPPED, _FAMILY = 1, 2, 4, 5, 6
_CASH = 2
_Registration = assessment.ElderRegistered | assessment.ElderChanged | assessment.ElderDied
_End = subsidy.EntitlementRefused | subsidy.EntitlementClosed


class _Elder(NamedTuple):
    area: str
    born_on: str
    sex: int
    living: int
    hardships: frozenset[int]
    is_complete: bool
    is_alive: bool


class _Result(NamedTuple):
    first_day: str
    end: str  # the day after the last
    level: int


class _Cash(NamedTuple):
    elder_id: str
    policy: str
    is_open: bool


class People:
    """Of each elder, result and cash subsidy the newest state; who had a voucher of the month."""

    def __init__(self, month: Month) -> None:
        self._month, self._limits = month, month.limits
        self._elders: Newest[_Elder] = Newest(month)
        self._results: Newest[_Result] = Newest(month)
        self._cash: Newest[_Cash] = Newest(month)
        self._vouchered: set[str] = set()

    @counts(assessment.ElderRegistered, assessment.ElderChanged, assessment.ElderDied)
    def _elder(self, event: _Registration, time: datetime, sequence: int) -> None:
        e = event.elder
        is_alive = e.status == e.STATUS_ALIVE
        hardships = frozenset[int](e.hardships)
        state = _Elder(e.area_code, e.born_on, e.sex, e.living, hardships, e.complete, is_alive)
        self._elders.take(e.elder_id, (sequence, time), time, state)

    @counts(assessment.AssessmentApproved)
    def _approved(self, event: assessment.AssessmentApproved, time: datetime, _: int) -> None:
        state = _Result(event.valid_from, event.valid_to, event.level)
        self._results.take(event.elder_id, (time, event.assessment_id), time, state)

    @counts(subsidy.EntitlementOpened)
    def _opened(self, event: subsidy.EntitlementOpened, time: datetime, sequence: int) -> None:
        self._entitled(event, time, sequence, True)

    @counts(subsidy.EntitlementRefused, subsidy.EntitlementClosed)
    def _ended(self, event: _End, time: datetime, sequence: int) -> None:
        self._entitled(event, time, sequence, False)

    def _entitled(
        self, event: subsidy.EntitlementOpened | _End, time: datetime, sequence: int, is_open: bool
    ) -> None:
        if event.kind == _CASH:
            state = _Cash(event.elder_id, event.policy_code, is_open)
            self._cash.take(event.entitlement_id, (sequence, time), time, state)

    @counts(subsidy.VoucherIssued)
    def _issued(self, event: subsidy.VoucherIssued, time: datetime, _: int) -> None:
        if event.month == self._month.month and time < self._month.end:
            self._vouchered.add(event.elder_id)

    def count(self) -> None:
        """Looks at each elder once."""
        given: defaultdict[str, set[str]] = defaultdict(set)
        for cash in self._cash.states():
            if cash.is_open:
                given[cash.elder_id].add(cash.policy)
        for elder_id, elder in self._elders.items():
            if elder.is_alive:
                self._count_person(elder)
                self._count_assessed(elder_id, elder)
                self._count_given(elder_id, elder, given[elder_id])

    def _is_of(self, years: int, elder: _Elder) -> bool:
        year, month = int(self._month.month[:4]), self._month.month[5:]
        return elder.born_on <= f"{year - years}-{month}-31"

    def _level(self, elder_id: str) -> int:
        """Of the valid result; −1 without one."""
        result = self._results.get(elder_id)
        if result is None or not result.first_day <= self._month.last_day < result.end:
            return -1
        return result.level

    def _is_dependent(self, elder_id: str) -> bool:
        return self._level(elder_id) >= self._limits.dependent_level

    def _count_person(self, elder: _Elder) -> None:
        add, area = self._month.add, elder.area
        add("POP01", area, 1)
        add("FA07", area, 0, 1)
        add("POP04", area, self._is_of(self._limits.oldest_years, elder), 1)
        add("POP05", area, elder.living in (_ALONE, _SPOUSE), 1)
        add("POP06", area, elder.is_complete, 1)

    def _count_assessed(self, elder_id: str, elder: _Elder) -> None:
        add, area, sex = self._month.add, elder.area, elder.sex
        is_valid, is_dependent = self._level(elder_id) >= 0, self._is_dependent(elder_id)
        is_basic = not elder.hardships.isdisjoint((_DIBAO, _TEKUN))
        is_old = self._is_of(self._limits.old_years, elder)
        add("POP07", area, is_dependent or _is_special(elder))
        add("AS01", area, is_basic and is_valid, is_basic)
        add("AS02", area, is_old and is_valid, is_old)
        add("AS03", area, is_dependent, is_valid)
        add("AS03_FEMALE", area, is_dependent and sex == _FEMALE, is_valid and sex == _FEMALE)
        add("AS03_MALE", area, is_dependent and sex == _MALE, is_valid and sex == _MALE)

    def _count_given(self, elder_id: str, elder: _Elder, policies: set[str]) -> None:
        add, area = self._month.add, elder.area
        is_oldest = self._is_of(self._limits.oldest_years, elder)
        is_dependent = self._is_dependent(elder_id)
        is_poor = not elder.hardships.isdisjoint((_DIBAO, _TEKUN, _LOW_INCOME))
        is_eligible = is_dependent and is_poor
        add("SU01", area, is_oldest and self._limits.age_policy in policies, is_oldest)
        add("SU02", area, is_eligible and self._limits.care_policy in policies, is_eligible)
        add("SU04", area, is_dependent and elder_id in self._vouchered, is_dependent)


def _is_special(elder: _Elder) -> bool:
    is_apart = elder.living in (_ALONE, _SPOUSE, _LEFT_BEHIND)
    return is_apart or not elder.hardships.isdisjoint((_HANDICAPPED, _FAMILY))
