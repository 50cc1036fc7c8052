"""Firms read their feeds and their workers answer offers; some late, some never."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta

from kit.contracts.clock import SHANGHAI
from simulator.http_client import Json
from simulator.story.orders import Orders
from simulator.story.story import Story
from simulator.story.workers import Workers
from simulator.truth.offers import OfferAccepted, OfferMade
from simulator.world.days import month_of
from simulator.world.firms import Firm
from simulator.world.orders import Order

# Assumption: shares of offers without answer, of offers declined, of firms who read the next day
SILENT = 0.01
DECLINE = 0.05
HAND_BACK = 0.02  # of accepted orders, on the morning of the visit
HAND_BACK_BEFORE = timedelta(hours=2)  # the visit
READS_LATE = 0.05
PATIENCE = timedelta(hours=4)  # silence for so long is a no
PAGE = 500


@dataclass(frozen=True, slots=True)
class Offer:
    """An order that a worker is asked to serve. attempt: 1 for the first offer of the order."""

    firm: Firm
    order_id: str
    worker_id: str
    area_code: str
    attempt: int
    assigned_at: datetime
    planned_at: datetime

    @classmethod
    def read(cls, firm: Firm, document: Json) -> "Offer":
        """From an event of a firm's feed."""
        return cls(
            firm=firm,
            order_id=document["order_id"],
            worker_id=document["worker_id"],
            area_code=document["area_code"],
            attempt=document["attempt"],
            assigned_at=datetime.fromisoformat(document["assigned_at"]),
            planned_at=datetime.fromisoformat(document["planned_at"]),
        )

    @property
    def planned_on(self) -> date:
        """The day of the visit."""
        return self.planned_at.astimezone(SHANGHAI).date()

    @property
    def month(self) -> str:
        """In which it was made."""
        return month_of(self.assigned_at)


async def answer_offers(story: Story, *, all_firms: bool = False, answer: bool = True) -> int:
    """Each firm reads its feed and answers its offers. Returns how many were declined, and so are
    offered to others.

    all_firms: the morning's reading, which nobody forgets. answer: False where nobody acts any more
    and offers are only counted.
    """
    offers: list[Offer] = []

    async def read(firm: Firm) -> None:
        offers.extend(await _read_feed(story, firm))

    reading = [
        firm
        for at, firm in enumerate(story.roster.firms)
        if all_firms or story.rng("feed", at, story.today).random() >= READS_LATE
    ]
    await story.gateway.each(read, reading)
    for offer in offers:
        story.state(Orders).by_id[offer.order_id].offers.append(offer.attempt)
        story.record(OfferMade(offer.month, offer.area_code))
        _check_certified(story, offer)
        _check_serves(story, offer)
    before = story.tally["declined"]
    if answer:
        standing = [offer for offer in offers if _stands(story, offer)]
        await story.gateway.each(lambda offer: _reply(story, offer), standing)
    return story.tally["declined"] - before


def check_offers(story: Story) -> None:
    """The feeds contained each offer of an order once: the first, the second and so on, whatever
    firms they went to.
    """
    for order in story.state(Orders).by_id.values():
        wanted = list(range(1, len(order.offers) + 1))
        story.expect(f"offers of order {order.number} in the feeds", sorted(order.offers), wanted)


async def _read_feed(story: Story, firm: Firm) -> list[Offer]:
    """The offers since the last reading."""
    token = story.tokens[f"firm {firm.organisation_id}"]
    offers: list[Offer] = []
    while True:
        query = {"cursor": firm.cursor} if firm.cursor else {}
        page = await story.gateway.get(token, "/v1/feed", limit=PAGE, **query)
        _check_page(story, firm, page)
        firm.cursor = page["cursor"]
        firm.position = page["last"]
        offers += [
            Offer.read(firm, event["data"])
            for event in page["events"]
            if event["type"].endswith("OrderAssigned")
        ]
        if page["last"] >= page["high_water"]:
            return offers


def _check_page(story: Story, firm: Firm, page: Json) -> None:
    story.expect("the feed goes on where it ended", page["first"], firm.position + 1)
    story.expect(
        "the feed counts what it withholds",
        page["last"] - page["first"] + 1,
        len(page["events"]) + page["withheld"],
    )


def _check_certified(story: Story, offer: Offer) -> None:
    """Nobody is asked for a visit after the last day of the certificate."""
    until = story.state(Workers).by_id[offer.worker_id].certified_until
    if until and until < offer.planned_on:
        story.failures.append(f"offer of {offer.planned_on} to a worker certified until {until}")


def _check_serves(story: Story, offer: Offer) -> None:
    """No firm is asked for a day on which it was suspended already."""
    for suspension in offer.firm.suspensions:
        if suspension.decided_at < offer.assigned_at and suspension.covers(
            offer.planned_on, offer.assigned_at
        ):
            story.failures.append(f"offer of {offer.planned_on} to a suspended firm")


def _is_taken_back(offer: Offer) -> bool:
    """Whether the firm was suspended for its day after it was made."""
    return any(
        offer.assigned_at <= suspension.decided_at
        and suspension.covers(offer.planned_on, suspension.decided_at)
        for suspension in offer.firm.suspensions
    )


def _stands(story: Story, offer: Offer) -> bool:
    """Whether an offer can still be answered: not too late, nobody left or died or was suspended,
    and nobody else was asked meanwhile.

    A later offer of the same order exists only where this one was declined, is too old, its worker
    left or its firm was suspended.
    """
    order = story.state(Orders).by_id[offer.order_id]
    worker = story.state(Workers).by_id[offer.worker_id]
    until = min(offer.assigned_at + PATIENCE, order.wanted_to)
    is_open = order.state in ("placed", "offered") and story.now < until
    return is_open and not worker.left and not _is_taken_back(offer)


async def hand_back_some(story: Story) -> None:
    """Firms give accepted orders of later today back, since nobody can come after all; before the
    evening of the day before nothing is offered.
    """
    promised = [
        order
        for order in story.state(Orders).open.values()
        if order.state == "accepted" and order.wanted_from >= story.now + HAND_BACK_BEFORE
    ]
    chosen = [
        order
        for order in promised
        if story.rng("hand-back", order.number, len(order.offers)).random() < HAND_BACK
    ]
    await story.gateway.each(lambda order: _hand_back(story, order), chosen)


async def _hand_back(story: Story, order: Order) -> None:
    firm = order.firm.organisation_id if order.firm else ""
    body: Json = {"attempt": max(order.offers)}
    path = f"/v1/orders/{order.order_id}:decline"
    await story.gateway.post(story.tokens[f"firm {firm}"], path, body)
    order.state, order.visit = "placed", None
    story.tally["orders handed back"] += 1


async def _reply(story: Story, offer: Offer) -> None:
    order = story.state(Orders).by_id[offer.order_id]
    order.state = "offered"
    order.firm = offer.firm
    order.worker = story.state(Workers).by_id[offer.worker_id]
    order.planned_at = offer.planned_at
    # the draw is the order's, so whom the platform asks changes nothing
    drawn = story.rng("offer", order.number, offer.attempt).random()
    if drawn < SILENT:
        story.tally["silent"] += 1
        return
    token = story.tokens[f"worker {offer.worker_id}"]
    answered = {"attempt": offer.attempt}
    if drawn < SILENT + DECLINE:
        await story.gateway.post(token, f"/v1/orders/{order.order_id}:decline", answered)
        order.state = "placed"
        story.tally["declined"] += 1
        return
    await story.gateway.post(token, f"/v1/orders/{order.order_id}:accept", answered)
    order.state = "accepted"
    story.record(OfferAccepted(offer.month, order.area_code))
