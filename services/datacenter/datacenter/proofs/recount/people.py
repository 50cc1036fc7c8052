"""Elders at the end of a month: who lives where, how able, and what they are given."""

from collections import defaultdict
from datetime import datetime
from typing import Any

from eldercare.assessment.v1 import events_pb2 as assessment
from eldercare.subsidy.v1 import events_pb2 as subsidy

from datacenter.proofs.recount.counting import Handlers, Month

counts = Handlers()
_MALE, _FEMALE = 1, 2
_ALONE, _SPOUSE, _LEFT_BEHIND = 1, 2, 4
_DIBAO, _TEKUN, _LOW_INCOME, _HANDICAPPED, _FAMILY = 1, 2, 4, 5, 6
_CASH = 2


class People:
    """Of each elder, result and care subsidy the newest state, with its rank first; who had a
    voucher of the month.
    """

    def __init__(self, month: Month) -> None:
        self._month, self._limits = month, month.limits
        self._elders: dict[
            str, tuple[Any, ...]
        ] = {}  # rank, area, birth day, sex, living, hardships, complete, alive
        self._results: dict[str, tuple[Any, ...]] = {}  # rank, first day, day after the last, level
        self._cares: dict[str, tuple[Any, ...]] = {}  # rank, elder, policy, whether it is open
        self._vouchered: set[str] = set()

    @counts(assessment.ElderRegistered, assessment.ElderChanged, assessment.ElderDied)
    def _elder(self, event: Any, time: datetime, sequence: int) -> None:
        e = event.elder
        state = (
            e.area_code,
            e.born_on,
            e.sex,
            e.living,
            tuple(e.hardships),
            e.complete,
            e.status == e.STATUS_ALIVE,
        )
        self._month.newest(self._elders, e.elder_id, (sequence, time), time, *state)

    @counts(assessment.AssessmentApproved)
    def _approved(self, event: Any, time: datetime, _: int) -> None:
        state = (event.valid_from, event.valid_to, event.level)
        self._month.newest(self._results, event.elder_id, (time, event.assessment_id), time, *state)

    @counts(subsidy.EntitlementOpened)
    def _opened(self, event: Any, time: datetime, sequence: int) -> None:
        self._care(event, time, sequence, True)

    @counts(subsidy.EntitlementRefused, subsidy.EntitlementClosed)
    def _ended(self, event: Any, time: datetime, sequence: int) -> None:
        self._care(event, time, sequence, False)

    def _care(self, event: Any, time: datetime, sequence: int, is_open: bool) -> None:
        if event.kind == _CASH:
            state = (event.elder_id, event.policy_code, is_open)
            self._month.newest(self._cares, event.entitlement_id, (sequence, time), time, *state)

    @counts(subsidy.VoucherIssued)
    def _issued(self, event: Any, time: datetime, _: int) -> None:
        if event.month == self._month.month and time < self._month.end:
            self._vouchered.add(event.elder_id)

    def count(self) -> None:
        """Looks at each elder once."""
        given: defaultdict[str, set[str]] = defaultdict(set)
        for _, elder_id, policy, is_open in self._cares.values():
            if is_open:
                given[elder_id].add(policy)
        for elder_id, (_, *state, alive) in self._elders.items():
            if alive:
                self._count(elder_id, *state, policies=given[elder_id])

    def _count(
        self,
        elder_id: str,
        area: str,
        born_on: str,
        sex: int,
        living: int,
        hardships: Any,
        complete: bool,
        *,
        policies: set[str],
    ) -> None:
        add, year, month = self._month.add, int(self._month.month[:4]), self._month.month[5:]
        old, oldest = (
            f"{year - years}-{month}-31"
            for years in (self._limits.old_years, self._limits.oldest_years)
        )
        result = self._results.get(elder_id)
        level = result[3] if result and result[1] <= self._month.last_day < result[2] else -1
        dependent, valid = level >= self._limits.dependent_level, level >= 0
        basic = _DIBAO in hardships or _TEKUN in hardships
        hard = (
            living in (_ALONE, _SPOUSE, _LEFT_BEHIND)
            or _HANDICAPPED in hardships
            or _FAMILY in hardships
            or dependent
        )
        eligible = dependent and (basic or _LOW_INCOME in hardships)
        add("POP01", area, 1)
        add("POP07", area, hard)
        add("FA07", area, 0, 1)
        add("POP04", area, born_on <= oldest, 1)
        add("POP05", area, living in (_ALONE, _SPOUSE), 1)
        add("POP06", area, complete, 1)
        add("AS01", area, basic and valid, basic)
        add("AS02", area, born_on <= old and valid, born_on <= old)
        add("AS03", area, dependent, valid)
        add("AS03_FEMALE", area, dependent and sex == _FEMALE, valid and sex == _FEMALE)
        add("AS03_MALE", area, dependent and sex == _MALE, valid and sex == _MALE)
        is_oldest = born_on <= oldest
        add("SU01", area, is_oldest and self._limits.age_policy in policies, is_oldest)
        add("SU02", area, eligible and self._limits.care_policy in policies, eligible)
        add("SU04", area, dependent and elder_id in self._vouchered, dependent)
