"""Elders order visits, and some do not want them any more."""

import math
from collections.abc import Iterator, Sequence
from datetime import time, timedelta
from random import Random
from typing import TypeVar

from simulator.people import Person
from simulator.story import entitling
from simulator.story.chances import (
    CANCEL,
    COMES_ALL_THE_SAME,
    DAYS_AHEAD,
    HOUR_WEIGHTS,
    HOURS,
    MONDAY,
    ORDERS_A_DAY,
)
from simulator.story.state import Story, channel, instant
from simulator.truth import HELPED, month_of
from simulator.visits import Order

T = TypeVar("T")
HOME_SHARE = 0.5  # of the price, by voucher
WINDOW = timedelta(hours=2)
WAITING = ("placed", "offered", "accepted")
GONE = ("death", "moved away")  # the elder is not there any more


def some(dice: Random, candidates: Sequence[T], rate: float) -> Iterator[T]:
    """Each candidate with the same chance, in their order; costs as much as are chosen, not as much
    as there are.
    """
    if rate <= 0 or not candidates:
        return
    at, never = -1, math.log1p(-min(rate, 0.999_999))
    while True:
        passed = math.log(1.0 - dice.random()) / never
        if passed >= len(candidates) - at - 1:
            return
        at += 1 + int(passed)
        yield candidates[at]


async def place(story: Story, share: float) -> None:
    """A step's share of the day's orders, for one of the next days."""
    world, share = story.world, share * (MONDAY if story.today.isoweekday() == 1 else 1.0)
    people = story.by_number
    vouched = sorted(story.vouched)
    poor = [
        number
        for number in sorted(world.levels)
        if number not in story.vouched and HELPED & set(people[number].hardships)
    ]
    special = {*vouched, *poor}
    wanted = [
        people[number]
        for number in some(
            story.dice("voucher orders", story.now), vouched, ORDERS_A_DAY["voucher"] * share
        )
    ]
    wanted += [
        people[number]
        for number in some(story.dice("poor orders", story.now), poor, ORDERS_A_DAY["poor"] * share)
    ]
    market = some(
        story.dice("market orders", story.now), world.people, ORDERS_A_DAY["market"] * share
    )
    wanted += [one for one in market if one.number not in special]
    able = [one for one in wanted if one.alive and one.number not in world.stays]
    first = len(story.orders)

    async def order(numbered: tuple[int, Person]) -> None:
        await _order(story, *numbered)

    await story.gateway.each(order, list(enumerate(able, start=first)))


async def _order(story: Story, number: int, one: Person) -> None:
    dice = story.dice("order", number)
    item, on = dice.choice(story.items), story.today + timedelta(days=dice.choice(DAYS_AHEAD))
    wanted_from = instant(on, time(dice.choices(HOURS, HOUR_WEIGHTS)[0]))
    # the order's id is made from this key, and the planners' choices hang on ids
    told = await story.gateway.post(
        story.tokens["hotline"],
        "/v1/orders",
        {
            "elder_id": one.elder_id,
            "item_code": item["item_code"],
            "wanted_from": wanted_from.isoformat(),
            "wanted_to": (wanted_from + WINDOW).isoformat(),
            "channel": f"CHANNEL_{channel(dice)}",
        },
        key=f"order-{story.seed}-{number:09d}",
    )
    price, month = int(item["price_fen"]), month_of(wanted_from)
    part = math.floor(price * HOME_SHARE + 0.5)
    if (
        one.number in story.vouched
    ):  # the next month's voucher is issued ahead for the first order that asks for it
        entitling.issue(story, one.number, month, story.vouched[one.number])
    voucher = (
        min(story.rest.get((one.number, month), 0), part) if one.number in story.vouched else 0
    )
    story.expect(f"voucher of order {told['order_id']}", int(told["voucher_fen"]), voucher)
    if voucher:
        hold(story, one.number, month, voucher)
    made = Order(
        number,
        told["order_id"],
        one,
        one.area_code,
        int(item["planned_min"]),
        voucher,
        month,
        wanted_from,
        wanted_from + WINDOW,
        cancels=dice.random() < CANCEL,
    )
    story.orders[made.order_id] = story.open[made.order_id] = made
    story.truth.count("DI03", month, made.area_code, 0, 1)
    story.events["orders"] += 1


def hold(story: Story, number: int, month: str, fen: int) -> None:
    """A part of a voucher is held for an order."""
    story.rest[number, month] -= fen
    story.ledger.move(story.voucher_area[number, month], "issued", "held", fen)


def end(story: Story, order: Order, state: str) -> None:
    """An order that will not be served any more gives its voucher back."""
    order.state = state
    story.open.pop(order.order_id, None)
    story.events[state] += 1
    if state in ("cancelled", *GONE):
        story.truth.count("DI03", order.month, order.area_code, 0, -1)
    if state in ("missed", *GONE) and order.visit and not order.visit.absent:
        story.unheard.append(order)
    give_back(story, order)


def end_all(story: Story, one: Person, state: str) -> None:
    """Nobody comes any more to an elder who is gone; a begun visit is ended by who is there."""
    for order in [
        order for order in story.open.values() if order.person is one and order.state in WAITING
    ]:
        end(story, order, state)


def give_back(story: Story, order: Order, source: str = "held") -> None:
    """What was held, or owed, is free again, or gone at once where the voucher's time is over."""
    if not order.voucher_fen:
        return
    voucher, area = (
        (order.person.number, order.month),
        story.voucher_area[order.person.number, order.month],
    )
    story.ledger.move(area, source, "issued", order.voucher_fen)
    if voucher in story.ended:
        story.ledger.move(area, "issued", "lapsed", order.voucher_fen)
    else:
        story.rest[voucher] += order.voucher_fen


async def cancel_some(story: Story) -> None:
    """Elders who do not want today's visit; some had a worker's word, and some of these workers
    come all the same.
    """

    async def cancel(order: Order) -> None:
        promised = order.state == "accepted"
        await story.gateway.post(story.tokens["hotline"], f"/v1/orders/{order.order_id}:cancel", {})
        end(story, order, "cancelled")
        if promised:
            story.events["cancelled after acceptance"] += 1
            if (
                order.visitor
                and story.dice("all the same", order.number).random() < COMES_ALL_THE_SAME
            ):
                await story.refused(
                    story.tokens[f"worker {order.visitor.worker_id}"],
                    f"/v1/orders/{order.order_id}:check-in",
                    {"at": story.now.isoformat()},
                )

    today = [
        order
        for order in story.open.values()
        if order.cancels and order.wanted_from.date() == story.today
    ]
    await story.gateway.each(
        cancel, [order for order in today if order.state in WAITING and order.person.alive]
    )
