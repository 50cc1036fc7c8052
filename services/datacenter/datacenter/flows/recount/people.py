"""Elders at the end of a month: who lives where, how able, and what they are given."""

from datetime import datetime
from typing import Any

from eldercare.assessment.v1 import events_pb2 as assessment
from eldercare.subsidy.v1 import events_pb2 as subsidy

from datacenter.flows.recount.counting import Hearers, Month

counts = Hearers()
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
        ] = {}  # rank, area, birth day, living, hardships, complete, alive
        self._results: dict[str, tuple[Any, ...]] = {}  # rank, first day, day after the last, level
        self._cares: dict[str, tuple[Any, ...]] = {}  # rank, elder, whether it is open
        self._vouchered: set[str] = set()

    @counts(assessment.ElderRegistered, assessment.ElderChanged, assessment.ElderDied)
    def _elder(self, event: Any, time: datetime, sequence: int) -> None:
        e = event.elder
        told = (
            e.area_code,
            e.born_on,
            e.living,
            tuple(e.hardships),
            e.complete,
            e.status == e.STATUS_ALIVE,
        )
        self._month.newest(self._elders, e.elder_id, (sequence, time), time, *told)

    @counts(assessment.AssessmentApproved)
    def _approved(self, event: Any, time: datetime, _: int) -> None:
        told = (event.valid_from, event.valid_to, event.level)
        self._month.newest(self._results, event.elder_id, (time, event.assessment_id), time, *told)

    @counts(subsidy.EntitlementOpened)
    def _opened(self, event: Any, time: datetime, sequence: int) -> None:
        self._care(event, time, sequence, True)

    @counts(subsidy.EntitlementRefused, subsidy.EntitlementClosed)
    def _ended(self, event: Any, time: datetime, sequence: int) -> None:
        self._care(event, time, sequence, False)

    def _care(self, event: Any, time: datetime, sequence: int, is_open: bool) -> None:
        if event.kind == _CASH and event.policy_code == self._limits.care_policy:
            self._month.newest(
                self._cares, event.entitlement_id, (sequence, time), time, event.elder_id, is_open
            )

    @counts(subsidy.VoucherIssued)
    def _issued(self, event: Any, time: datetime, _: int) -> None:
        if event.month == self._month.month and time < self._month.end:
            self._vouchered.add(event.elder_id)

    def count(self) -> None:
        """Looks at each elder once."""
        given = {elder for _, elder, is_open in self._cares.values() if is_open}
        for elder_id, (_, *told, alive) in self._elders.items():
            if alive:
                self._count(elder_id, *told, cared_for=elder_id in given)

    def _count(
        self,
        elder_id: str,
        area: str,
        born_on: str,
        living: int,
        hardships: Any,
        complete: bool,
        *,
        cared_for: bool,
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
        add("SU02", area, eligible and cared_for, eligible)
        add("SU04", area, dependent and elder_id in self._vouchered, dependent)
