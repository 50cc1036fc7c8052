"""Firms read their feeds and their workers answer offers; some late, some never."""

from datetime import datetime, timedelta
from typing import Any

from simulator.providers import Firm
from simulator.story.chances import DECLINE, READS_LATE, SILENT
from simulator.story.state import Story
from simulator.truth import month_of

Offer = tuple[Firm, dict[str, Any]]
PATIENCE = timedelta(hours=4)  # silence for so long is a no
PAGE = 500


async def listen(story: Story, *, first: bool = False, answer: bool = True) -> int:
    """Each firm reads its feed and answers its offers; how many were declined, and so are offered
    to others.

    first: the morning's reading, which nobody forgets. answer: False where nobody acts any more and
    offers are only counted.
    """
    offers: list[Offer] = []

    async def read(firm: Firm) -> None:
        offers.extend((firm, told) for told in await _feed(story, firm))

    async def reply(offer: Offer) -> None:
        await _reply(story, *offer)

    awake = [
        firm
        for at, firm in enumerate(story.firms)
        if first or story.dice("feed", at, story.today).random() >= READS_LATE
    ]
    await story.gateway.each(read, awake)
    for _, told in offers:
        story.orders[told["order_id"]].offers.append(told["attempt"])
        story.truth.count(
            "DI01", month_of(datetime.fromisoformat(told["assigned_at"])), told["area_code"], 0, 1
        )
    before = story.events["declined"]
    if answer:
        await story.gateway.each(reply, [offer for offer in offers if _stands(story, offer[1])])
    return story.events["declined"] - before


def count_offers(story: Story) -> None:
    """The feeds told of each offer of an order once: the first, the second and so on, whatever
    firms they went to.
    """
    for order in story.orders.values():
        story.expect(
            f"offers of order {order.number} in the feeds",
            sorted(order.offers),
            list(range(1, len(order.offers) + 1)),
        )


async def _feed(story: Story, firm: Firm) -> list[dict[str, Any]]:
    """The offers since the last reading."""
    token, offers = story.tokens[f"firm {firm.organisation_id}"], []
    while True:
        query = {"cursor": firm.cursor} if firm.cursor else {}
        page = await story.gateway.get(token, "/v1/feed", limit=PAGE, **query)
        story.expect("the feed goes on where it ended", page["first"], firm.position + 1)
        story.expect(
            "the feed counts what it withholds",
            page["last"] - page["first"] + 1,
            len(page["events"]) + page["withheld"],
        )
        firm.cursor, firm.position = page["cursor"], page["last"]
        offers += [
            event["data"] for event in page["events"] if event["type"].endswith("OrderAssigned")
        ]
        if page["last"] >= page["high_water"]:
            return offers


def _stands(story: Story, told: dict[str, Any]) -> bool:
    """Whether an offer can still be answered: not too late, nobody left or died, and nobody else
    was asked meanwhile.

    A later offer of the same order exists only where this one was declined, is too old, or its
    worker left.
    """
    order = story.orders[told["order_id"]]
    until = min(datetime.fromisoformat(told["assigned_at"]) + PATIENCE, order.wanted_to)
    return (
        order.state in ("placed", "offered")
        and story.now < until
        and not story.visitor_of[told["worker_id"]].left
    )


async def _reply(story: Story, firm: Firm, told: dict[str, Any]) -> None:
    order, visitor = story.orders[told["order_id"]], story.visitor_of[told["worker_id"]]
    order.state, order.firm, order.visitor = "offered", firm, visitor
    order.planned_at = datetime.fromisoformat(told["planned_at"])
    # the dice are the order's, so whom the platform asks changes nothing
    dice = story.dice("offer", order.number, told["attempt"]).random()
    if dice < SILENT:
        story.events["silent"] += 1
        return
    token = story.tokens[f"worker {visitor.worker_id}"]
    if dice < SILENT + DECLINE:
        await story.gateway.post(token, f"/v1/orders/{order.order_id}:decline", {})
        order.state = "placed"
        story.events["declined"] += 1
        return
    await story.gateway.post(token, f"/v1/orders/{order.order_id}:accept", {})
    order.state = "accepted"
    story.truth.count(
        "DI01", month_of(datetime.fromisoformat(told["assigned_at"])), order.area_code, 1, 0
    )
