"""Elders order visits, and some do not want them any more."""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime, time, timedelta
from random import Random
from typing import TypeVar

from simulator.http_client import Json
from simulator.story import vouchers
from simulator.story.cash import Cashes
from simulator.story.entitlements import Entitlements
from simulator.story.story import Story
from simulator.story.vouchers import Vouchers
from simulator.truth.orders import OrderEnded, OrderPlaced, OrderWithdrawn
from simulator.world.channels import channel
from simulator.world.days import instant, month_of
from simulator.world.orders import Order, OrderState
from simulator.world.people import SUBSIDISED, Person

T = TypeVar("T")
# Assumption: all rates; of an elder with a voucher, of a poor assessed one, of any other, a day
VOUCHER_ORDERS = 0.42
POOR_ORDERS = 0.10
MARKET_ORDERS = 0.0006
MONDAY = 1.2
DAYS_AHEAD = (1, 1, 2, 3)
HOURS = (8, 9, 10, 11, 13, 14, 15, 16)
HOUR_WEIGHTS = (3, 4, 4, 2, 1, 4, 4, 2)
CANCEL = 0.03
ORDERED_TWICE = 0.02  # by mistake, and refused
COMES_DESPITE_CANCELLATION = 0.3
HOME_SHARE = 0.5  # of the price, by voucher
WINDOW = timedelta(hours=2)
MISSED_AFTER = timedelta(hours=4)
NO_VOUCHER = ("emergency-repair",)  # the one item of the catalogue that no voucher pays
WAITING = ("placed", "offered", "accepted")
GONE = ("death", "moved away")  # the elder is not there any more


@dataclass(frozen=True, slots=True)
class Item:
    """A service of the catalogue that a voucher pays a part of."""

    item_code: str
    price_fen: int
    planned_min: int

    @classmethod
    def read(cls, row: Json) -> "Item":
        """From a row of the catalogue."""
        return cls(str(row["item_code"]), int(row["price_fen"]), int(row["planned_min"]))


@dataclass
class Orders:
    """by_id: all, by the platform's id. open: those that can still end in more than one way.
    to_report: those that are over, while a device will still report a visit. items: the catalogue.
    """

    by_id: dict[str, Order] = field(default_factory=dict)
    open: dict[str, Order] = field(default_factory=dict)
    to_report: list[Order] = field(default_factory=list)
    items: list[Item] = field(default_factory=list)

    def add(self, order: Order) -> None:
        """A new order."""
        self.by_id[order.order_id] = order
        self.open[order.order_id] = order


async def read_catalogue(story: Story) -> None:
    """What can be ordered."""
    page = await story.gateway.get(story.tokens["office"], "/v1/catalogue")
    items = [Item.read(row) for row in page["rows"] if row["item_code"] not in NO_VOUCHER]
    story.state(Orders).items = sorted(items, key=lambda item: item.item_code)


def some(rng: Random, candidates: Sequence[T], rate: float) -> Iterator[T]:
    """Each candidate with the same chance, in their order; costs as much as are chosen, not as much
    as there are.
    """
    if rate <= 0 or not candidates:
        return
    at = -1
    log_unchosen = math.log1p(-min(rate, 0.999_999))
    while True:
        skipped = math.log(1.0 - rng.random()) / log_unchosen
        if skipped >= len(candidates) - at - 1:
            return
        at += 1 + int(skipped)
        yield candidates[at]


async def place_some(story: Story, share: float) -> None:
    """A step's share of the day's orders, for one of the next days."""
    if story.today.isoweekday() == 1:
        share *= MONDAY
    wanted = _who_orders(story, share)
    paused = story.state(Cashes).paused  # their death is reported: nobody is sent
    able = [
        person
        for person in wanted
        if person.alive and person.number not in paused and person.number not in story.world.stays
    ]
    numbered = list(enumerate(able, start=len(story.state(Orders).by_id)))
    await story.gateway.each(lambda pair: _place(story, *pair), numbered)


def _who_orders(story: Story, share: float) -> list[Person]:
    people = story.world.by_number
    entitled = sorted(story.state(Entitlements).voucher_areas)
    poor = _poor(story)
    special = {*entitled, *poor}
    with_voucher = some(story.rng("voucher orders", story.now), entitled, VOUCHER_ORDERS * share)
    without = some(story.rng("poor orders", story.now), poor, POOR_ORDERS * share)
    market = some(story.rng("market orders", story.now), story.world.people, MARKET_ORDERS * share)
    chosen = [people[number] for number in (*with_voucher, *without)]
    return chosen + [person for person in market if person.number not in special]


def _poor(story: Story) -> list[int]:
    """Poor elders with a level and without vouchers."""
    entitled = story.state(Entitlements).voucher_areas
    people = story.world.by_number
    return [
        number
        for number in sorted(story.world.levels)
        if number not in entitled and SUBSIDISED & set(people[number].hardships)
    ]


async def _place(story: Story, number: int, person: Person) -> None:
    rng = story.rng("order", number)
    item = rng.choice(story.state(Orders).items)
    wanted_on = story.today + timedelta(days=rng.choice(DAYS_AHEAD))
    wanted_from = instant(wanted_on, time(rng.choices(HOURS, HOUR_WEIGHTS)[0]))
    body: Json = {
        "elder_id": person.elder_id,
        "item_code": item.item_code,
        "wanted_from": wanted_from.isoformat(),
        "wanted_to": (wanted_from + WINDOW).isoformat(),
        "channel": f"CHANNEL_{channel(rng)}",
    }
    answer = await story.gateway.post(
        story.tokens["hotline"],
        "/v1/orders",
        # the elder was asked: also where the same is ordered for these hours, it is wanted
        {**body, "again": True},
        # the order's id is made from this key, and the planners' choices depend on ids
        key=f"order-{story.seed}-{number:09d}",
    )
    voucher_fen, voucher_month = _hold_voucher(story, person, item, month_of(wanted_from))
    order_id = answer["order_id"]
    story.expect(f"voucher of order {order_id}", int(answer["voucher_fen"]), voucher_fen)
    order = _order(number, order_id, person, item, voucher_fen, wanted_from)
    order.voucher_month = voucher_month
    order.cancels = rng.random() < CANCEL
    story.state(Orders).add(order)
    story.record(OrderPlaced(order.month, order.area_code, order.wanted_to))
    story.tally["orders"] += 1
    if story.rng("ordered twice", number).random() < ORDERED_TWICE:
        await story.expect_refusal(story.tokens["hotline"], "/v1/orders", body)
        story.tally["orders by mistake"] += 1


def _order(
    number: int, order_id: str, person: Person, item: Item, voucher_fen: int, wanted_from: datetime
) -> Order:
    return Order(
        number=number,
        order_id=order_id,
        person=person,
        area_code=person.area_code,
        planned_min=item.planned_min,
        voucher_fen=voucher_fen,
        promised_fen=voucher_fen,
        price_fen=item.price_fen,
        month=month_of(wanted_from),
        wanted_from=wanted_from,
        wanted_to=wanted_from + WINDOW,
    )


def _hold_voucher(story: Story, person: Person, item: Item, month: str) -> tuple[int, str]:
    """The part of the price that a voucher pays, fen, which is held; and the voucher's month."""
    if month > story.month and person.number in story.state(Entitlements).voucher_areas:
        # the next month's voucher is issued ahead for the first order that asks for it
        vouchers.give(story, person, month)
    part_fen = math.floor(item.price_fen * HOME_SHARE + 0.5)
    voucher = vouchers.best(story, person.number, month, part_fen)
    fen = min(story.state(Vouchers).free_fen.get(voucher, 0), part_fen)
    if fen:
        vouchers.hold(story, voucher, fen)
    return fen, voucher[1]


def end(story: Story, order: Order, state: OrderState) -> None:
    """An order that will not be served any more gives its voucher back."""
    orders = story.state(Orders)
    order.state = state
    order.ended_at = story.now
    orders.open.pop(order.order_id, None)
    story.tally[state] += 1
    if state in ("cancelled", *GONE):
        story.record(OrderWithdrawn(order.month, order.area_code, order.wanted_to))
    else:
        story.record(OrderEnded(order.month, order.area_code, order.wanted_to))
    if state in ("missed", *GONE) and order.visit and not order.visit.absent:
        orders.to_report.append(order)
    vouchers.give_back(story, order)


def end_all(story: Story, person: Person, state: OrderState) -> None:
    """Nobody comes any more to an elder who is gone; a begun visit is ended by who is there."""
    for order in list(story.state(Orders).open.values()):
        if order.person is person and order.state in WAITING:
            end(story, order, state)


def end_overdue(story: Story) -> None:
    """Orders that nobody serves end by themselves, as the platform does it."""
    for order in list(story.state(Orders).open.values()):
        if order.state in ("placed", "offered") and order.wanted_to <= story.now:
            end(story, order, "unserved")
        elif order.state == "accepted" and order.wanted_to + MISSED_AFTER <= story.now:
            end(story, order, "missed")


async def cancel_some(story: Story) -> None:
    """Elders who do not want today's visit any more."""
    today = [
        order
        for order in story.state(Orders).open.values()
        if order.cancels and order.wanted_from.date() == story.today
    ]
    wanted = [order for order in today if order.state in WAITING and order.person.alive]
    await story.gateway.each(lambda order: _cancel(story, order), wanted)


async def _cancel(story: Story, order: Order) -> None:
    """Some were accepted already, and some of these workers come nevertheless."""
    accepted = order.state == "accepted"
    path = f"/v1/orders/{order.order_id}"
    await story.gateway.post(story.tokens["hotline"], f"{path}:cancel", {})
    end(story, order, "cancelled")
    if not accepted:
        return
    story.tally["cancelled after acceptance"] += 1
    rng = story.rng("all the same", order.number)
    if order.worker and rng.random() < COMES_DESPITE_CANCELLATION:
        token = story.tokens[f"worker {order.worker_id}"]
        await story.expect_refusal(token, f"{path}:check-in", {"at": story.now.isoformat()})
