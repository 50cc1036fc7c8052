"""What elders pay themselves of their visits, and the receipts that they get for it."""

from collections import Counter
from dataclasses import dataclass, field

from simulator.http_client import Json
from simulator.story.disputes import Disputes
from simulator.story.story import Story
from simulator.story.visits import Visits
from simulator.world.orders import Order

# Assumption: shares of the day's visits
AT_ONCE = 0.6  # paid at the door; the others by a bill that the story does not follow
IN_PARTS = 0.1  # of these
TOO_MUCH = 0.1  # of these, somebody enters it a second time
METHODS = ("METHOD_CASH", "METHOD_TRANSFER", "METHOD_MOBILE")


@dataclass
class Receipts:
    """count and fen of what was receipted, less what was given back. by_order: by its id."""

    count: int = 0
    fen: int = 0
    by_order: Counter[str] = field(default_factory=Counter)


async def receipt_some(story: Story) -> None:
    """Firms record what they were paid for some of today's visits; nothing is due for one that is
    already refused for good.
    """
    closed = story.state(Disputes).closed
    chosen = [
        order
        for order in story.state(Visits).finished_today
        if order.firm
        and order.own_fen
        and order not in closed
        and _happens(story, order, "own share", AT_ONCE)
    ]
    await story.gateway.each(lambda order: _receipt(story, order), chosen)


async def _receipt(story: Story, order: Order) -> None:
    rng = story.rng("receipt", order.number)
    token = story.tokens[f"firm {order.firm.organisation_id}" if order.firm else "office"]
    path = f"/v1/orders/{order.order_id}:receipt"
    first_fen = order.own_fen // 2 if rng.random() < IN_PARTS else order.own_fen
    body: Json = {"method": rng.choice(METHODS), "received_on": story.today.isoformat()}
    rest_fen = order.own_fen
    for fen in filter(None, (first_fen, order.own_fen - first_fen)):
        answer = await story.gateway.post(token, path, {**body, "received_fen": fen})
        rest_fen -= fen
        found = int(answer["own_fen"]), int(answer["outstanding_fen"])
        story.expect(f"own share of {path}", found, (order.own_fen, rest_fen))
        story.state(Receipts).count += 1
        story.state(Receipts).fen += fen
        story.state(Receipts).by_order[order.order_id] += fen
        story.tally["own shares receipted"] += 1
    if _happens(story, order, "receipted twice", TOO_MUCH):
        await story.expect_refusal(token, path, {**body, "received_fen": 1})


async def refund_some(story: Story) -> None:
    """Firms give back what they were paid for visits that are refused for good."""
    closed = story.state(Disputes).closed
    paid = story.state(Receipts).by_order
    due = [order for order in closed if paid[order.order_id]]
    closed.clear()
    if due:
        await story.gateway.quiet()
        await story.gateway.each(lambda order: _refund(story, order), due)


async def _refund(story: Story, order: Order) -> None:
    receipts = story.state(Receipts)
    token = story.tokens[f"firm {order.firm.organisation_id}" if order.firm else "office"]
    path, fen = f"/v1/orders/{order.order_id}:refund", receipts.by_order.pop(order.order_id)
    body: Json = {"method": METHODS[1], "refunded_on": story.today.isoformat()}
    await story.gateway.post(token, path, {**body, "refunded_fen": fen})
    await story.expect_refusal(token, path, {**body, "refunded_fen": 1})
    receipts.count += 1
    receipts.fen -= fen
    story.tally["own shares given back"] += 1


def _happens(story: Story, order: Order, what: str, share: float) -> bool:
    return story.rng(what, order.number).random() < share


async def check_receipts(story: Story) -> None:
    """The platform's list has what the story receipted, and nothing else."""
    count = fen = 0
    after = ""
    while True:
        page = await story.gateway.get(
            story.tokens["office"], "/v1/receipts", limit=500, after=after
        )
        count += len(page["rows"])
        fen += sum(int(row["received_fen"]) * (-1 if row["refund"] else 1) for row in page["rows"])
        after = page["next"]
        if not after:
            break
    receipts = story.state(Receipts)
    story.expect("receipts of own shares, and fen", (count, fen), (receipts.count, receipts.fen))
