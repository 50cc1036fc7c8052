"""What follows visits in a month: audits, return calls and complaints."""

from datetime import datetime

from eldercare.dispatch.v1 import events_pb2 as dispatch
from eldercare.supervision.v1 import events_pb2 as supervision

from datacenter.proofs.recount.counting import Handlers, Month

counts: "Handlers[Visits]" = Handlers(
    "SETTLED",
    "VERIFIED",
    "COMPLAINTS",
    "COMPLAINTS_IN_TIME",
    "ANSWERS",
    "ANSWERS_SATISFIED",
)


class Visits:
    """Settlements and complaints of the month, and of any time what became of them."""

    def __init__(self, month: Month) -> None:
        self._month = month
        self._settled: dict[str, str] = {}  # settlement → area
        self._verified: set[str] = set()
        self._filed: dict[str, tuple[str, int]] = {}  # complaint → area, when it is due, s
        self._closed_at_all: set[str] = set()
        self._closed_in_time: set[str] = set()

    @counts(supervision.SettlementApproved)
    def _approved(self, event: supervision.SettlementApproved, _: datetime, __: int) -> None:
        if event.voucher_fen > 0 and self._month.holds(event.approved_at):
            self._settled[event.settlement_id] = event.area_code

    @counts(supervision.SettlementVerified)
    def _inspected(self, event: supervision.SettlementVerified, _: datetime, __: int) -> None:
        self._verified.add(event.settlement_id)

    @counts(supervision.ComplaintFiled)
    def _complained(self, event: supervision.ComplaintFiled, _: datetime, __: int) -> None:
        if self._month.holds(event.filed_at):
            self._filed[event.complaint_id] = (event.area_code, event.due_at.seconds)

    @counts(supervision.ComplaintClosed)
    def _closed(self, event: supervision.ComplaintClosed, _: datetime, __: int) -> None:
        self._closed_at_all.add(event.complaint_id)
        if event.in_time:
            self._closed_in_time.add(event.complaint_id)

    @counts(dispatch.OrderFollowedUp)
    def _called(self, event: dispatch.OrderFollowedUp, _: datetime, __: int) -> None:
        if self._month.holds(event.followed_up_at):
            reached, satisfied = event.reached, event.satisfied
            self._month.add(event.area_code, ANSWERS=reached, ANSWERS_SATISFIED=satisfied)

    def count(self) -> None:
        """Looks at each settlement and complaint of the month once."""
        for key, area in self._settled.items():
            self._month.add(area, SETTLED=1, VERIFIED=key in self._verified)
        for key, (area, due_at) in self._filed.items():
            if key in self._closed_at_all or self._month.is_day_over(due_at):
                in_time = key in self._closed_in_time
                self._month.add(area, COMPLAINTS=1, COMPLAINTS_IN_TIME=in_time)
