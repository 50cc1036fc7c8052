"""Orders of a month, from the offers to the return call."""

from collections import defaultdict
from datetime import datetime
from typing import NamedTuple

from eldercare.dispatch.v1 import events_pb2 as dispatch

from datacenter.proofs.recount.counting import Handlers, Month

counts: "Handlers[Orders]" = Handlers(
    "ORDERS",
    "ORDERS_FINISHED",
    "FINISHED",
    "FINISHED_IN_TIME",
    "FINISHED_FOLLOWED_UP",
    "FINISHED_FUNDED",
    "FINISHED_FUNDED_FOLLOWED_UP",
    "OFFERS",
    "OFFERS_ACCEPTED",
)
_ToWhom = tuple[str, str]  # order, worker


class _Offer(NamedTuple):
    at: int  # nanoseconds since 1970
    attempt: int
    area: str
    is_of_month: bool


class _Finished(NamedTuple):
    area: str
    is_funded: bool


class Orders:
    """Orders of the month, and of any time what became of them."""

    def __init__(self, month: Month) -> None:
        self._month = month
        self._placed: dict[str, tuple[str, int]] = {}  # order → area, end of the window, s
        self._cancelled: set[str] = set()
        self._finished_in_month: dict[str, _Finished] = {}
        self._excused: set[str] = set()
        self._finished: set[str] = set()
        self._called: set[str] = set()
        self._late_min: dict[str, int] = {}
        self._offers: defaultdict[_ToWhom, set[_Offer]] = defaultdict(set)
        self._accepted: defaultdict[_ToWhom, set[int]] = defaultdict(set)

    @counts(dispatch.OrderPlaced)
    def _place(self, event: dispatch.OrderPlaced, _: datetime, __: int) -> None:
        if self._month.holds(event.wanted_from):
            self._placed[event.order_id] = (event.area_code, event.wanted_to.seconds)

    @counts(dispatch.OrderCancelled)
    def _cancel(self, event: dispatch.OrderCancelled, _: datetime, __: int) -> None:
        self._cancelled.add(event.order_id)
        if event.cause in (event.CAUSE_ELDER, event.CAUSE_DEATH, event.CAUSE_MOVED_OUT):
            self._excused.add(event.order_id)

    @counts(dispatch.OrderStarted)
    def _start(self, event: dispatch.OrderStarted, _: datetime, __: int) -> None:
        known = self._late_min.get(event.order_id, event.late_min)
        self._late_min[event.order_id] = min(event.late_min, known)

    @counts(dispatch.OrderFinished)
    def _finish(self, event: dispatch.OrderFinished, _: datetime, __: int) -> None:
        self._finished.add(event.order_id)
        if self._month.holds(event.finished_at):
            done = _Finished(event.area_code, event.voucher_fen > 0)
            self._finished_in_month[event.order_id] = done

    @counts(dispatch.OrderFollowedUp)
    def _call(self, event: dispatch.OrderFollowedUp, _: datetime, __: int) -> None:
        self._called.add(event.order_id)

    @counts(dispatch.OrderAssigned)
    def _offer(self, event: dispatch.OrderAssigned, _: datetime, __: int) -> None:
        at, is_of_month = event.assigned_at.ToNanoseconds(), self._month.holds(event.assigned_at)
        offer = _Offer(at, event.attempt, event.area_code, is_of_month)
        self._offers[event.order_id, event.worker_id].add(offer)

    @counts(dispatch.OrderAccepted)
    def _accept(self, event: dispatch.OrderAccepted, _: datetime, __: int) -> None:
        self._accepted[event.order_id, event.worker_id].add(event.accepted_at.ToNanoseconds())

    def count(self) -> None:
        """Looks at each order of the month once."""
        late_min = self._month.limits.late_min
        for key, (area, wanted_to) in self._placed.items():
            is_ended = key in self._finished or key in self._cancelled
            if key not in self._excused and (is_ended or self._month.is_day_over(wanted_to)):
                self._month.add(area, ORDERS=1, ORDERS_FINISHED=key in self._finished)
        for key, done in self._finished_in_month.items():
            is_called = key in self._called
            is_in_time = key in self._late_min and self._late_min[key] <= late_min
            self._month.add(
                done.area,
                FINISHED=1,
                FINISHED_IN_TIME=is_in_time,
                FINISHED_FOLLOWED_UP=is_called,
                FINISHED_FUNDED=done.is_funded,
                FINISHED_FUNDED_FOLLOWED_UP=done.is_funded and is_called,
            )
        self._count_offers()

    def _count_offers(self) -> None:
        """An acceptance belongs to the newest offer before it that was made to the same worker."""
        for key, offers in self._offers.items():
            open_offers = sorted(offers)
            for at in sorted(self._accepted.get(key, ())):
                before = [offer for offer in open_offers if offer.at <= at]
                if before:
                    open_offers.remove(before[-1])
            for offer in offers:
                if offer.is_of_month:
                    is_accepted = offer not in open_offers
                    self._month.add(offer.area, OFFERS=1, OFFERS_ACCEPTED=is_accepted)
