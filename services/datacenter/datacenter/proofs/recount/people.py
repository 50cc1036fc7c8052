"""Elders at the end of a month: who lives where, how able, and what they are given."""

from collections import defaultdict
from datetime import datetime
from typing import NamedTuple

from eldercare.assessment.v1 import events_pb2 as assessment
from eldercare.subsidy.v1 import events_pb2 as subsidy

from datacenter.proofs.recount.counting import Handlers, Month, Newest, split

_SEXES = {1: "MALE", 2: "FEMALE"}
_ALONE, _SPOUSE, _LEFT_BEHIND = 1, 2, 4
_DIBAO, _TEKUN, _LOW_INCOME, _HANDICAPPED, _FAMILY = 1, 2, 4, 5, 6
_CASH = 2
_OF_ELDERS = (
    "ALIVE",
    "ALIVE_65",
    "ALIVE_80",
    "ALONE",
    "COMPLETE",
    "SPECIAL",
    "BASIC",
    "BASIC_ASSESSED",
    "ASSESSED",
    "ASSESSED_65",
    "DEPENDENT",
    "POOR",
    "POOR_UNASSESSED",
    "CARE_ELIGIBLE",
    "CARE_GIVEN",
    "AGE_GIVEN",
)
counts: "Handlers[People]" = Handlers(*split(_OF_ELDERS, _SEXES.values()), "VOUCHERED")
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
        self._month = month
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
                self._count(elder_id, elder, given[elder_id])

    def _is_of(self, years: int, elder: _Elder) -> bool:
        year, month = int(self._month.month[:4]), self._month.month[5:]
        return elder.born_on <= f"{year - years}-{month}-31"

    def _level(self, elder_id: str) -> int:
        """Of the valid result; −1 without one."""
        result = self._results.get(elder_id)
        if result is None or not result.first_day <= self._month.last_day < result.end:
            return -1
        return result.level

    def _count(self, elder_id: str, elder: _Elder, policies: set[str]) -> None:
        limits, level = self._month.limits, self._level(elder_id)
        is_old = self._is_of(limits.old_years, elder)
        is_oldest = self._is_of(limits.oldest_years, elder)
        is_assessed, is_dependent = level >= 0, level >= limits.dependent_level
        is_basic = not elder.hardships.isdisjoint((_DIBAO, _TEKUN))
        is_poor = is_basic or _LOW_INCOME in elder.hardships
        is_eligible = is_dependent and is_poor
        self._month.add(
            elder.area,
            _SEXES.get(elder.sex, ""),
            ALIVE=1,
            ALIVE_65=is_old,
            ALIVE_80=is_oldest,
            ALONE=elder.living in (_ALONE, _SPOUSE),
            COMPLETE=elder.is_complete,
            SPECIAL=is_dependent or _is_special(elder),
            BASIC=is_basic,
            BASIC_ASSESSED=is_basic and is_assessed,
            ASSESSED=is_assessed,
            ASSESSED_65=is_old and is_assessed,
            DEPENDENT=is_dependent,
            POOR=is_poor,
            POOR_UNASSESSED=is_poor and not is_assessed,
            CARE_ELIGIBLE=is_eligible,
            CARE_GIVEN=is_eligible and limits.care_policy in policies,
            AGE_GIVEN=is_oldest and limits.age_policy in policies,
        )
        is_vouchered = elder_id in self._vouchered
        self._month.add(elder.area, VOUCHERED=is_dependent and is_vouchered)


def _is_special(elder: _Elder) -> bool:
    is_apart = elder.living in (_ALONE, _SPOUSE, _LEFT_BEHIND)
    return is_apart or not elder.hardships.isdisjoint((_HANDICAPPED, _FAMILY))
