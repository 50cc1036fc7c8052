"""Counts one month anew from the whole archive, straight by the definitions: what was so on its last day, what happened in it.

It shares nothing with the projection: no differences, no timelines, no merging, no measures. It keeps the newest state of each thing at the
end of the month and then looks at each once.
"""

from collections import Counter
from datetime import UTC, datetime, timedelta
from typing import Any

from google.protobuf.message import Message

from datacenter.rules.measures import Limits
from kit import areas
from kit.clock import day_start

Figures = dict[tuple[str, str], tuple[int, int]]  # code, area → numerator, denominator

_ALONE, _SPOUSE, _LEFT_BEHIND = 1, 2, 4
_PORTAL, _HOTLINE, _MOBILE, _TERMINAL, _PLATFORM = range(1, 6)
_CHANNELS = {"DC02_PORTAL": _PORTAL, "DC02_HOTLINE": _HOTLINE, "DC02_MOBILE": _MOBILE, "DC02_TERMINAL": _TERMINAL}
_DIBAO, _TEKUN, _LOW_INCOME, _HANDICAPPED, _FAMILY = 1, 2, 4, 5, 6


class Recount:
    """One month. month: `YYYY-MM`. Every event is shown to `hear` once, in any order."""

    def __init__(self, month: str, limits: Limits) -> None:
        self.month, self.limits = month, limits
        first = datetime.strptime(month, "%Y-%m").date()  # noqa: DTZ007 – a month has no zone
        until = (first.replace(day=28) + timedelta(days=4)).replace(day=1)
        self.begin, self.end = day_start(first), day_start(until)
        self.last_day = str(until - timedelta(days=1))
        self.events = 0
        self._elders: dict[str, tuple[Any, ...]] = {}
        self._results: dict[str, tuple[Any, ...]] = {}
        self._cares: dict[str, tuple[Any, ...]] = {}
        self._vouchered: set[str] = set()
        self._facilities: dict[str, tuple[Any, ...]] = {}
        self._workers: dict[str, tuple[Any, ...]] = {}
        self._begun: dict[str, str] = {}
        self._ended: set[str] = set()
        self._of: dict[str, dict[Any, Any]] = {
            name: {} for name in ("applied", "result", "settled", "filed", "finished", "placed", "offers", "accepted")
        }
        self._are: dict[str, set[str]] = {
            name: set() for name in ("withdrawn", "in_time", "appealed", "verified", "closed", "called", "excused")
        }
        self._late: dict[str, int] = {}
        self._finished_ever: set[str] = set()
        self._counts: Counter[tuple[str, str, int]] = Counter()  # code, area, 0 numerator or 1 denominator

    def hear(self, event: Message, time: datetime, sequence: int) -> None:
        """Takes an event into account."""
        self.events += 1
        hear = getattr(self, f"_{type(event).__name__}", None)
        if hear is not None:
            hear(event, time, sequence)

    def _in(self, stamp: Any) -> bool:
        return bool(self.begin <= stamp.ToDatetime(UTC) < self.end)

    def _newest(self, known: dict[str, tuple[Any, ...]], key: str, rank: Any, time: datetime, *told: Any) -> None:
        if time < self.end and (key not in known or known[key][0] < rank):
            known[key] = (rank, *told)

    def _flow(self, code: str, area: str, numerator: int, denominator: int) -> None:
        self._counts[code, area, 0] += int(numerator)
        self._counts[code, area, 1] += int(denominator)

    # elders: (rank, area, birth day, living, hardships, complete, alive)
    def _ElderRegistered(self, event: Any, time: datetime, sequence: int) -> None:
        e = event.elder
        told = (e.area_code, e.born_on, e.living, tuple(e.hardships), e.complete, e.status == e.STATUS_ALIVE)
        self._newest(self._elders, e.elder_id, (sequence, time), time, *told)

    _ElderChanged = _ElderDied = _ElderRegistered

    def _AssessmentApproved(self, event: Any, time: datetime, _: int) -> None:
        self._newest(self._results, event.elder_id, (time, event.assessment_id), time, event.valid_from, event.valid_to, event.level)

    def _EntitlementOpened(self, event: Any, time: datetime, sequence: int) -> None:
        if event.kind == 2 and event.policy_code == self.limits.care_policy:
            is_open = type(event).__name__ == "EntitlementOpened"
            self._newest(self._cares, event.entitlement_id, (sequence, time), time, event.elder_id, is_open)

    _EntitlementRefused = _EntitlementClosed = _EntitlementOpened

    def _VoucherIssued(self, event: Any, time: datetime, _: int) -> None:
        if event.month == self.month:
            self._flow("SU05", event.area_code, 0, event.issued_fen)
            if time < self.end:
                self._vouchered.add(event.elder_id)

    def _VoucherCaptured(self, event: Any, _: datetime, __: int) -> None:
        if event.month == self.month:
            self._flow("SU05", event.area_code, event.captured_fen, 0)

    def _PaymentMade(self, event: Any, _: datetime, __: int) -> None:
        if event.paid_on.startswith(self.month):
            self._flow("SU06", event.area_code, event.paid_on <= event.due_on, 1)
        if event.kind == event.KIND_CASH and event.month == self.month:
            self._flow("SU07", event.area_code, 0, event.paid_fen)

    def _RecoveryOpened(self, event: Any, _: datetime, __: int) -> None:
        if event.month == self.month:
            self._flow("SU07", event.area_code, event.claimed_fen, 0)

    def _ApplicationSubmitted(self, event: Any, _: datetime, __: int) -> None:
        if self._in(event.submitted_at):
            self._of["applied"][event.application_id] = event.area_code
            if event.channel != _PLATFORM:
                self._flow("DC02", event.area_code, event.channel in (_PORTAL, _MOBILE), 1)
                for code, channel in _CHANNELS.items():
                    self._flow(code, event.area_code, event.channel == channel, 1)

    def _ApplicationWithdrawn(self, event: Any, _: datetime, __: int) -> None:
        self._are["withdrawn"].add(event.application_id)

    def _AssessmentCompleted(self, event: Any, _: datetime, __: int) -> None:
        if event.working_days <= self.limits.working_days:
            self._are["in_time"].add(event.application_id)
        if self._in(event.completed_at):
            self._of["result"][event.assessment_id] = (event.area_code, event.assessors >= self.limits.assessors)

    def _AssessmentAppealed(self, event: Any, _: datetime, __: int) -> None:
        self._are["appealed"].add(event.assessment_id)

    def _SettlementApproved(self, event: Any, _: datetime, __: int) -> None:
        if event.voucher_fen > 0 and self._in(event.approved_at):
            self._of["settled"][event.settlement_id] = event.area_code

    def _SettlementVerified(self, event: Any, _: datetime, __: int) -> None:
        self._are["verified"].add(event.settlement_id)

    def _ComplaintFiled(self, event: Any, _: datetime, __: int) -> None:
        if self._in(event.filed_at):
            self._of["filed"][event.complaint_id] = event.area_code

    def _ComplaintClosed(self, event: Any, _: datetime, __: int) -> None:
        if event.in_time:
            self._are["closed"].add(event.complaint_id)

    def _FacilityOpened(self, event: Any, time: datetime, sequence: int) -> None:
        f = event.facility
        told = (f.area_code, f.status == f.STATUS_OPEN, f.tier, f.operation, f.beds, f.nursing_beds)
        self._newest(self._facilities, f.facility_id, (sequence, time), time, *told)

    _FacilityChanged = _FacilityClosed = _FacilityOpened

    def _WorkerRegistered(self, event: Any, time: datetime, sequence: int) -> None:
        w = event.worker
        told = (w.area_code, w.status == w.STATUS_ACTIVE and w.caregiver, w.certified_until)
        self._newest(self._workers, w.worker_id, (sequence, time), time, *told)

    _WorkerChanged = _WorkerLeft = _WorkerRegistered

    def _StayBegan(self, event: Any, _: datetime, __: int) -> None:
        if event.admitted_at.ToDatetime(UTC) < self.end:
            self._begun[event.stay_id] = event.area_code

    def _StayEnded(self, event: Any, _: datetime, __: int) -> None:
        if event.discharged_at.ToDatetime(UTC) < self.end:
            self._ended.add(event.stay_id)

    def _OrderPlaced(self, event: Any, _: datetime, __: int) -> None:
        if self._in(event.wanted_from):
            self._of["placed"][event.order_id] = event.area_code

    def _OrderCancelled(self, event: Any, _: datetime, __: int) -> None:
        if event.cause in (event.CAUSE_ELDER, event.CAUSE_DEATH):
            self._are["excused"].add(event.order_id)

    def _OrderStarted(self, event: Any, _: datetime, __: int) -> None:
        self._late[event.order_id] = min(event.late_min, self._late.get(event.order_id, event.late_min))

    def _OrderFinished(self, event: Any, _: datetime, __: int) -> None:
        self._finished_ever.add(event.order_id)
        if self._in(event.finished_at):
            self._of["finished"][event.order_id] = (event.area_code, event.voucher_fen > 0)

    def _OrderFollowedUp(self, event: Any, _: datetime, __: int) -> None:
        self._are["called"].add(event.order_id)
        if self._in(event.followed_up_at):
            self._flow("DI05", event.area_code, event.satisfied, event.reached)

    def _OrderAssigned(self, event: Any, _: datetime, __: int) -> None:
        offer = (event.assigned_at.ToNanoseconds(), event.attempt, event.area_code, self._in(event.assigned_at))
        self._of["offers"].setdefault((event.order_id, event.worker_id), set()).add(offer)

    def _OrderAccepted(self, event: Any, _: datetime, __: int) -> None:
        self._of["accepted"].setdefault((event.order_id, event.worker_id), set()).add(event.accepted_at.ToNanoseconds())

    def figures(self) -> Figures:
        """Numerator and denominator of every figure and area, also where both are zero in the area itself."""
        self._count_elders()
        self._count_work()
        self._count_places()
        total: Counter[tuple[str, str, int]] = Counter()
        for (code, area, part), amount in self._counts.items():
            for rank in range(areas.CITY, areas.level(area) + 1):
                total[code, areas.at(area, rank), part] += amount
        keys = {(code, area) for code, area, _ in total}
        return {key: (total[(*key, 0)], total[(*key, 1)]) for key in keys}

    def _count_elders(self) -> None:
        year, month = int(self.month[:4]), self.month[5:]
        old, oldest = (f"{year - years}-{month}-31" for years in (self.limits.old_years, self.limits.oldest_years))
        given = {elder for _, elder, is_open in self._cares.values() if is_open}
        for elder_id, (_, area, born_on, living, hardships, complete, alive) in self._elders.items():
            if not alive:
                continue
            result = self._results.get(elder_id)
            level = result[3] if result and result[1] <= self.last_day < result[2] else -1
            dependent, valid = level >= self.limits.dependent_level, level >= 0
            basic = _DIBAO in hardships or _TEKUN in hardships
            hard = living in (_ALONE, _SPOUSE, _LEFT_BEHIND) or _HANDICAPPED in hardships or _FAMILY in hardships or dependent
            self._counts["POP01", area, 0] += 1
            self._counts["POP07", area, 0] += hard
            self._counts["FA07", area, 1] += 1
            self._flow("POP04", area, born_on <= oldest, 1)
            self._flow("POP05", area, living in (_ALONE, _SPOUSE), 1)
            self._flow("POP06", area, complete, 1)
            self._flow("AS01", area, basic and valid, basic)
            self._flow("AS02", area, born_on <= old and valid, born_on <= old)
            self._flow("AS03", area, dependent, valid)
            eligible = dependent and (basic or _LOW_INCOME in hardships)
            self._flow("SU02", area, eligible and elder_id in given, eligible)
            self._flow("SU04", area, dependent and elder_id in self._vouchered, dependent)

    def _count_work(self) -> None:
        of, are = self._of, self._are
        for key, area in of["applied"].items():
            if key not in are["withdrawn"]:
                self._flow("AS04", area, key in are["in_time"], 1)
        for key, (area, paired) in of["result"].items():
            self._flow("AS06", area, key in are["appealed"], 1)
            self._flow("AS07", area, paired, 1)
        for key, area in of["settled"].items():
            self._flow("SU09", area, key in are["verified"], 1)
        for key, area in of["filed"].items():
            self._flow("DI06", area, key in are["closed"], 1)
        for key, area in of["placed"].items():
            if key not in are["excused"]:
                self._flow("DI03", area, key in self._finished_ever, 1)
        for key, (area, funded) in of["finished"].items():
            self._flow("DI02", area, key in self._late and self._late[key] <= self.limits.late_min, 1)
            self._flow("DI04", area, key in are["called"], 1)
            self._flow("DI04_FUNDED", area, funded and key in are["called"], funded)
        for key, offers in of["offers"].items():
            accepted = sorted(of["accepted"].get(key, ()))
            open_offers = sorted(offers)
            for at in accepted:
                mine = [offer for offer in open_offers if offer[0] <= at]
                if mine:
                    open_offers.remove(mine[-1])
            for offer in offers:
                if offer[3]:
                    self._flow("DI01", offer[2], offer not in open_offers, 1)

    def _count_places(self) -> None:
        covered: dict[str, set[str]] = {"FA02": set(), "FA06": set()}
        for _, area, is_open, tier, operation, beds, nursing in self._facilities.values():
            if not is_open:
                continue
            covered["FA02"].add(area)
            if tier == 2:
                covered["FA06"].add(areas.at(area, areas.TOWNSHIP))
            self._counts["FA07", area, 0] += beds
            self._counts["FA09", area, 1] += beds
            self._flow("FA08", area, nursing if tier == 1 else 0, beds if tier == 1 else 0)
            self._flow("FA11", area, beds if operation in (2, 3) else 0, beds)
        for key, area in self._begun.items():
            self._counts["FA09", area, 0] += key not in self._ended
        for code, rank in (("FA02", areas.COMMUNITY), ("FA06", areas.TOWNSHIP)):
            for area in areas.load():
                if area.level == rank:
                    self._flow(code, area.code, area.code in covered[code], 1)
        for _, area, counted, certified_until in self._workers.values():
            if counted:
                self._flow("ST02", area, certified_until >= self.last_day, 1)
