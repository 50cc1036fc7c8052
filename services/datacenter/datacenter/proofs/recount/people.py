"""Elders at the end of a month: who lives where, how able, and what they are given."""

from collections import defaultdict
from datetime import datetime
from typing import NamedTuple

from eldercare.assessment.v1 import events_pb2 as assessment
from eldercare.subsidy.v1 import events_pb2 as subsidy
from google.protobuf.timestamp_pb2 import Timestamp

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
        self._born: Newest[tuple[str, int]] = Newest(month)  # on which day, sex
        self._lives: Newest[bool] = Newest(month)
        self._areas: Newest[str] = Newest(month)
        self._households: Newest[tuple[int, bool]] = Newest(month)
        self._hardships: Newest[frozenset[int]] = Newest(month)
        self._results: Newest[_Result] = Newest(month)
        self._cash: Newest[_Cash] = Newest(month)
        self._vouchered: set[str] = set()

    @counts(assessment.ElderRegistered, assessment.ElderChanged, assessment.ElderDied)
    def _elder(self, event: _Registration, time: datetime, sequence: int) -> None:
        """Each part of the state holds from a day of its own."""
        e = event.elder
        key, version = e.elder_id, (sequence,)
        self._born.take(key, version, e.registered_at, (e.born_on, e.sex))
        gone_on = ""
        if e.status == e.STATUS_DEAD:
            gone_on = e.died_on
        elif e.status == e.STATUS_MOVED_OUT:
            gone_on = e.moved_out_on
        since = gone_on or e.effective_on or time
        if gone_on and "" < e.effective_on < gone_on:  # the former day of it was wrong
            self._lives.take(key, (sequence, 0), e.effective_on, True)
        self._lives.take(key, (sequence, 1), since, e.status == e.STATUS_ALIVE)
        self._areas.take(key, version, time, e.area_code)
        self._households.take(key, version, time, (e.living, e.complete))
        self._hardships.take(key, version, time, frozenset[int](e.hardships))

    @counts(assessment.AssessmentApproved)
    def _approved(self, event: assessment.AssessmentApproved, time: datetime, _: int) -> None:
        state = _Result(event.valid_from, event.valid_to, event.level)
        rank = (time, event.assessment_id)
        self._results.take(event.elder_id, rank, event.approved_at, state)

    @counts(subsidy.EntitlementOpened)
    def _opened(self, event: subsidy.EntitlementOpened, time: datetime, sequence: int) -> None:
        self._entitled(event, event.valid_from, (sequence, time), True)

    @counts(subsidy.EntitlementClosed)
    def _closed(self, event: subsidy.EntitlementClosed, time: datetime, sequence: int) -> None:
        self._entitled(event, event.closed_on, (sequence, time), False)

    @counts(subsidy.EntitlementRefused)
    def _refused(self, event: subsidy.EntitlementRefused, time: datetime, sequence: int) -> None:
        self._entitled(event, event.refused_at, (sequence, time), False)

    def _entitled(
        self,
        event: subsidy.EntitlementOpened | _End,
        since: Timestamp | str,
        rank: tuple[int, datetime],
        is_open: bool,
    ) -> None:
        if event.kind == _CASH:
            state = _Cash(event.elder_id, event.policy_code, is_open)
            self._cash.take(event.entitlement_id, rank, since, state)

    @counts(subsidy.VoucherIssued)
    def _issued(self, event: subsidy.VoucherIssued, _: datetime, __: int) -> None:
        if event.month == self._month.month:
            self._vouchered.add(event.elder_id)

    def count(self) -> None:
        """Looks at each elder once."""
        given: defaultdict[str, set[str]] = defaultdict(set)
        for cash in self._cash.states():
            if cash.is_open:
                given[cash.elder_id].add(cash.policy)
        for elder_id, is_alive in self._lives.items():
            if is_alive and (elder := self._elder_at_end(elder_id)) is not None:
                self._count(elder_id, elder, given[elder_id])

    def _elder_at_end(self, elder_id: str) -> _Elder | None:
        born, area = self._born.get(elder_id), self._areas.get(elder_id)
        household, hardships = self._households.get(elder_id), self._hardships.get(elder_id)
        if born is None or area is None or household is None or hardships is None:
            return None
        (born_on, sex), (living, is_complete) = born, household
        return _Elder(area, born_on, sex, living, hardships, is_complete)

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
        is_eligible = level >= limits.care_level and is_poor
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
