"""What happened in a month: applications, results, money, audits, complaints and orders."""

from collections import defaultdict
from datetime import datetime
from typing import Any

from eldercare.assessment.v1 import events_pb2 as assessment
from eldercare.dispatch.v1 import events_pb2 as dispatch
from eldercare.subsidy.v1 import events_pb2 as subsidy
from eldercare.supervision.v1 import events_pb2 as supervision

from datacenter.proofs.recount.counting import Handlers, Month

counts = Handlers()
_PORTAL, _HOTLINE, _MOBILE, _TERMINAL, _PLATFORM = range(1, 6)
_CHANNELS = {
    "DC02_PORTAL": _PORTAL,
    "DC02_HOTLINE": _HOTLINE,
    "DC02_MOBILE": _MOBILE,
    "DC02_TERMINAL": _TERMINAL,
}


class Work:
    """What is kept of each thing of the month, by its id, and the ids of which something is true at
    any time.
    """

    def __init__(self, month: Month) -> None:
        self._month, self._limits = month, month.limits
        self._of: defaultdict[str, dict[Any, Any]] = defaultdict(dict)
        self._are: defaultdict[str, set[str]] = defaultdict(set)
        self._late: dict[str, int] = {}

    @counts(subsidy.VoucherIssued)
    def _issued(self, event: Any, _: datetime, __: int) -> None:
        if event.month == self._month.month:
            self._month.add("SU05", event.area_code, 0, event.issued_fen)

    @counts(subsidy.VoucherCaptured)
    def _captured(self, event: Any, _: datetime, __: int) -> None:
        if event.month == self._month.month:
            self._month.add("SU05", event.area_code, event.captured_fen, 0)
            self._month.add("SU07", event.area_code, 0, event.captured_fen)

    @counts(subsidy.VoucherReversed)
    def _reversed(self, event: Any, _: datetime, __: int) -> None:
        if event.month == self._month.month:
            self._month.add("SU05", event.area_code, -event.reversed_fen, 0)
            self._month.add("SU07", event.area_code, 0, -event.reversed_fen)

    @counts(subsidy.PaymentMade)
    def _paid(self, event: Any, _: datetime, __: int) -> None:
        if event.paid_on.startswith(self._month.month):
            self._month.add("SU06", event.area_code, event.paid_on <= event.due_on, 1)
        if event.kind == event.KIND_CASH and event.month == self._month.month:
            self._month.add("SU07", event.area_code, 0, event.paid_fen)

    @counts(subsidy.RecoveryOpened)
    def _claimed(self, event: Any, _: datetime, __: int) -> None:
        if event.month == self._month.month:
            self._month.add("SU07", event.area_code, event.claimed_fen, 0)

    @counts(assessment.ApplicationSubmitted)
    def _submitted(self, event: Any, _: datetime, __: int) -> None:
        if self._month.holds(event.submitted_at):
            self._of["applied"][event.application_id] = event.area_code
            if event.channel != _PLATFORM:
                self._month.add("DC02", event.area_code, event.channel in (_PORTAL, _MOBILE), 1)
                for code, channel in _CHANNELS.items():
                    self._month.add(code, event.area_code, event.channel == channel, 1)

    @counts(assessment.ApplicationWithdrawn)
    def _withdrawn(self, event: Any, _: datetime, __: int) -> None:
        self._are["withdrawn"].add(event.application_id)

    @counts(assessment.AssessmentCompleted)
    def _completed(self, event: Any, _: datetime, __: int) -> None:
        if event.working_days <= self._limits.working_days:
            self._are["in_time"].add(event.application_id)
        if self._month.holds(event.completed_at):
            self._of["result"][event.assessment_id] = (
                event.area_code,
                event.assessors >= self._limits.assessors,
            )

    @counts(assessment.AssessmentAppealed)
    def _appealed(self, event: Any, _: datetime, __: int) -> None:
        self._are["appealed"].add(event.assessment_id)

    @counts(supervision.SettlementApproved)
    def _settled(self, event: Any, _: datetime, __: int) -> None:
        if event.voucher_fen > 0 and self._month.holds(event.approved_at):
            self._of["settled"][event.settlement_id] = event.area_code

    @counts(supervision.SettlementVerified)
    def _verified(self, event: Any, _: datetime, __: int) -> None:
        self._are["verified"].add(event.settlement_id)

    @counts(supervision.ComplaintFiled)
    def _filed(self, event: Any, _: datetime, __: int) -> None:
        if self._month.holds(event.filed_at):
            self._of["filed"][event.complaint_id] = event.area_code

    @counts(supervision.ComplaintClosed)
    def _closed(self, event: Any, _: datetime, __: int) -> None:
        if event.in_time:
            self._are["closed"].add(event.complaint_id)

    @counts(dispatch.OrderPlaced)
    def _placed(self, event: Any, _: datetime, __: int) -> None:
        if self._month.holds(event.wanted_from):
            self._of["placed"][event.order_id] = event.area_code

    @counts(dispatch.OrderCancelled)
    def _cancelled(self, event: Any, _: datetime, __: int) -> None:
        if event.cause in (event.CAUSE_ELDER, event.CAUSE_DEATH, event.CAUSE_MOVED_OUT):
            self._are["excused"].add(event.order_id)

    @counts(dispatch.OrderStarted)
    def _started(self, event: Any, _: datetime, __: int) -> None:
        self._late[event.order_id] = min(
            event.late_min, self._late.get(event.order_id, event.late_min)
        )

    @counts(dispatch.OrderFinished)
    def _finished(self, event: Any, _: datetime, __: int) -> None:
        self._are["finished"].add(event.order_id)
        if self._month.holds(event.finished_at):
            self._of["finished"][event.order_id] = (event.area_code, event.voucher_fen > 0)

    @counts(dispatch.OrderFollowedUp)
    def _followed_up(self, event: Any, _: datetime, __: int) -> None:
        self._are["called"].add(event.order_id)
        if self._month.holds(event.followed_up_at):
            self._month.add("DI05", event.area_code, event.satisfied, event.reached)

    @counts(dispatch.OrderAssigned)
    def _offered(self, event: Any, _: datetime, __: int) -> None:
        offer = (
            event.assigned_at.ToNanoseconds(),
            event.attempt,
            event.area_code,
            self._month.holds(event.assigned_at),
        )
        self._of["offers"].setdefault((event.order_id, event.worker_id), set()).add(offer)

    @counts(dispatch.OrderAccepted)
    def _accepted(self, event: Any, _: datetime, __: int) -> None:
        self._of["accepted"].setdefault((event.order_id, event.worker_id), set()).add(
            event.accepted_at.ToNanoseconds()
        )

    def count(self) -> None:
        """Looks at each thing of the month once."""
        of, are = self._of, self._are
        for key, area in of["applied"].items():
            if key not in are["withdrawn"]:
                self._month.add("AS04", area, key in are["in_time"], 1)
        for key, (area, paired) in of["result"].items():
            self._month.add("AS06", area, key in are["appealed"], 1)
            self._month.add("AS07", area, paired, 1)
        for key, area in of["settled"].items():
            self._month.add("SU09", area, key in are["verified"], 1)
        for key, area in of["filed"].items():
            self._month.add("DI06", area, key in are["closed"], 1)
        for key, area in of["placed"].items():
            if key not in are["excused"]:
                self._month.add("DI03", area, key in are["finished"], 1)
        for key, (area, funded) in of["finished"].items():
            self._month.add(
                "DI02", area, key in self._late and self._late[key] <= self._limits.late_min, 1
            )
            self._month.add("DI04", area, key in are["called"], 1)
            self._month.add("DI04_FUNDED", area, funded and key in are["called"], funded)
        self._count_offers()

    def _count_offers(self) -> None:
        """An acceptance belongs to the newest offer before it that was made to the same worker."""
        for key, offers in self._of["offers"].items():
            accepted = sorted(self._of["accepted"].get(key, ()))
            open_offers = sorted(offers)
            for at in accepted:
                mine = [offer for offer in open_offers if offer[0] <= at]
                if mine:
                    open_offers.remove(mine[-1])
            for offer in offers:
                if offer[3]:
                    self._month.add("DI01", offer[2], offer not in open_offers, 1)
