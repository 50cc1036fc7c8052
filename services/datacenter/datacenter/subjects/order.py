"""An order: a visit to an elder's home, from its placing to the return call."""

from collections.abc import Iterator, Sequence
from typing import Annotated, NamedTuple

from eldercare.dispatch.v1 import events_pb2 as dispatch
from google.protobuf.timestamp_pb2 import Timestamp

from datacenter import months
from datacenter.limits import Limits
from datacenter.subjects.declaration import State, Subject, When
from datacenter.subjects.groups import EventFlows, Occurrence
from datacenter.subjects.merges import each, ever, first, least

NOBODYS_FAILURE = frozenset(
    (
        dispatch.OrderCancelled.CAUSE_ELDER,
        dispatch.OrderCancelled.CAUSE_DEATH,
        dispatch.OrderCancelled.CAUSE_MOVED_OUT,
    )
)


class Offer(NamedTuple):
    """An offer to a worker. at: microseconds since 1970."""

    at: int
    attempt: int
    worker_id: str
    area: str
    month: int


class Acceptance(NamedTuple):
    """A worker accepted. at: microseconds since 1970."""

    at: int
    worker_id: str


class AnsweredOffer(NamedTuple):
    """An offer, and whether the worker took it."""

    area: str
    month: int
    is_accepted: bool


class Order(State):
    """What is known of an order."""

    placed: Annotated[Occurrence | None, first, "area and month of the wanted window"] = None
    offers: Annotated[Sequence[Offer], each, "offers to workers"] = ()
    acceptances: Annotated[Sequence[Acceptance], each, "answers that take an offer"] = ()
    due_on: Annotated[int | None, least, "day on which the wanted window ends"] = None
    late_min: Annotated[int | None, least, "minutes after the wanted window"] = None
    finished: Annotated[Occurrence | None, first, "area and month of its end"] = None
    is_funded: Annotated[bool, ever, "a voucher pays a part of it"] = False
    is_followed_up: Annotated[bool, ever, "a return call is recorded"] = False
    cancelled_for: Annotated[int | None, least, "OrderCancelled.Cause"] = None


order = Subject("order", 3, Order)


@order.on(dispatch.OrderPlaced, id="order_id")
def _placed(event: dispatch.OrderPlaced, _: When, __: Limits) -> Order:
    month = months.of_seconds(event.wanted_from.seconds)
    due_on = months.day_of_seconds(event.wanted_to.seconds)
    return Order(placed=Occurrence(event.area_code, month), due_on=due_on)


@order.on(dispatch.OrderCancelled, id="order_id")
def _cancelled(event: dispatch.OrderCancelled, _: When, __: Limits) -> Order:
    return Order(cancelled_for=event.cause)


@order.on(dispatch.OrderStarted, id="order_id")
def _started(event: dispatch.OrderStarted, _: When, __: Limits) -> Order:
    return Order(late_min=event.late_min)


@order.on(dispatch.OrderFinished, id="order_id")
def _finished(event: dispatch.OrderFinished, _: When, __: Limits) -> Order:
    done = Occurrence(event.area_code, months.of_seconds(event.finished_at.seconds))
    return Order(finished=done, is_funded=event.voucher_fen > 0)


@order.on(dispatch.OrderFollowedUp, id="order_id")
def _followed_up(_: dispatch.OrderFollowedUp, __: When, ___: Limits) -> Order:
    return Order(is_followed_up=True)


@order.on(dispatch.OrderAssigned, id="order_id")
def _offered(event: dispatch.OrderAssigned, _: When, __: Limits) -> Order:
    month = months.of_seconds(event.assigned_at.seconds)
    at = _micros(event.assigned_at)
    return Order(offers=(Offer(at, event.attempt, event.worker_id, event.area_code, month),))


@order.on(dispatch.OrderAccepted, id="order_id")
def _accepted(event: dispatch.OrderAccepted, _: When, __: Limits) -> Order:
    return Order(acceptances=(Acceptance(_micros(event.accepted_at), event.worker_id),))


def _micros(stamp: Timestamp) -> int:
    return stamp.seconds * 1_000_000 + stamp.nanos // 1000


def _answered(order: Order) -> Iterator[AnsweredOffer]:
    """An acceptance belongs to the newest offer before it that was made to the same worker."""
    open_offers = list(order.offers)
    for acceptance in order.acceptances:
        before = [
            offer
            for offer in open_offers
            if offer.worker_id == acceptance.worker_id and offer.at <= acceptance.at
        ]
        if before:
            open_offers.remove(before[-1])
            yield AnsweredOffer(before[-1].area, before[-1].month, True)
    for offer in open_offers:
        yield AnsweredOffer(offer.area, offer.month, False)


in_month_wanted = order.flows(
    lambda order: None if order.cancelled_for in NOBODYS_FAILURE else order.placed
)
ORDERS = in_month_wanted.measure(
    "ORDERS", "placed and not cancelled without anybody's failure, once finished, cancelled or due"
)
in_month_wanted.measure(
    "ORDERS_FINISHED", "of these, finished", lambda order, _: order.finished is not None
)


@in_month_wanted.due(ORDERS)
def _due_on(order: Order) -> int | None:
    """The last day of the window of an order that is open."""
    is_open = order.finished is None and order.cancelled_for is None
    return order.due_on if is_open else None


in_month_finished = order.flows(lambda order: order.finished)
in_month_finished.measure("FINISHED", "finished")
in_month_finished.measure(
    "FINISHED_IN_TIME",
    "begun at most late_min after the wanted window",
    lambda order, limits: order.late_min is not None and order.late_min <= limits.late_min,
)
in_month_finished.measure(
    "FINISHED_FOLLOWED_UP", "with a return call", lambda order, _: order.is_followed_up
)
in_month_finished.measure(
    "FINISHED_FUNDED", "that a voucher pays for", lambda order, _: order.is_funded
)
in_month_finished.measure(
    "FINISHED_FUNDED_FOLLOWED_UP",
    "that a voucher pays for, with a return call",
    lambda order, _: order.is_funded and order.is_followed_up,
)

in_month_offered = order.flows_of(_answered)
in_month_offered.measure("OFFERS", "offers to workers")
in_month_offered.measure(
    "OFFERS_ACCEPTED", "offers that were accepted", lambda offer, _: offer.is_accepted
)

return_calls = EventFlows(
    dispatch.OrderFollowedUp,
    lambda event: Occurrence(event.area_code, months.of_seconds(event.followed_up_at.seconds)),
)
return_calls.measure(
    "ANSWERS", "return calls that reached somebody", lambda event, _: event.reached
)
return_calls.measure("ANSWERS_SATISFIED", "of these, satisfied", lambda event, _: event.satisfied)
