"""The evening: audits, calls to elders, complaints, inspections."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from simulator import audit, norms
from simulator.story import visiting
from simulator.story.chances import (
    COMPLAIN,
    DAYS_TO_CLOSE,
    FOLLOW_UP,
    REACHED,
    SATISFIED,
    UPHELD,
    VERIFY,
)
from simulator.story.ordering import give_back
from simulator.story.state import Complaint, Story
from simulator.visits import Order

DOUBTS = {
    "short": "DOUBT_TOO_SHORT",
    "elsewhere": "DOUBT_WRONG_PLACE",
    "double": "DOUBT_OVERLAP",
    "teleport": "DOUBT_IMPOSSIBLE_TRAVEL",
}
PAGE = 500


async def supervise(story: Story) -> None:
    """All of it."""
    await judge(story)
    await _follow_up(story)
    await _complain(story)
    await _verify(story)
    story.finished_today.clear()


async def judge(story: Story) -> None:
    """The inspector decides what the audit held: an honest visit is to be paid, a faked one is not."""
    if not story.unjudged:
        return
    await story.gateway.quiet()
    held = {row["order_id"]: row for row in (await _settlements(story, "", state="STATE_HELD"))[0]}
    weigh(story, held)

    async def decide(row: dict[str, Any]) -> None:
        order = story.orders[row["order_id"]]
        await story.gateway.post(
            story.tokens["inspector"],
            f"/v1/settlements/{row['settlement_id']}:decide",
            {"approve": not order.cheat},
        )
        story.events[
            "refused by the inspector" if order.cheat else "approved by the inspector"
        ] += 1

    await story.gateway.each(decide, list(held.values()))


def weigh(story: Story, held: Mapping[str, dict[str, Any]]) -> None:
    """Compares the doubts of the audit with those that what was sent must raise, of honest visits
    too. held: verdicts by order.
    """
    story.expect(
        "held visits that were judged before",
        sorted(held.keys() - {order.order_id for order in story.unjudged}),
        [],
    )
    for order in story.unjudged:
        row = held.get(order.order_id, {})
        found = set(row.get("doubts", ()))
        must, may = audit.doubts(
            order, story.told[order.visitor.worker_id if order.visitor else ""]
        )
        story.expect(
            f"doubts about order {order.number}, {order.cheat or 'honest'}",
            sorted(found - may),
            sorted(must),
        )
        if order.cheat:
            story.expect(
                f"a visit faked by {order.cheat} is held", DOUBTS[order.cheat] in found, True
            )
            give_back(story, order)
        elif order.voucher_fen:
            visiting.capture(story, order)
        if row:
            order.settlement_id = row["settlement_id"]
    story.unjudged.clear()


async def _follow_up(story: Story) -> None:
    async def call(order: Order) -> None:
        dice = story.dice("call", order.number, "answer")
        reached = dice.random() < REACHED
        body: dict[str, Any] = {"reached": reached} | (
            {"satisfied": dice.random() < SATISFIED} if reached else {}
        )
        await story.gateway.post(
            story.tokens["hotline"], f"/v1/orders/{order.order_id}:follow-up", body
        )
        story.truth.count("DI04", order.finished_month, order.area_code, 1, 0)
        if order.voucher_fen:
            story.truth.count("DI04_FUNDED", order.finished_month, order.area_code, 1, 0)
        if reached:
            story.truth.count("DI05", story.month, order.area_code, int(body["satisfied"]), 1)

    await story.gateway.each(
        call,
        [
            order
            for order in story.finished_today
            if story.dice("call", order.number).random() < FOLLOW_UP
        ],
    )


async def _complain(story: Story) -> None:
    async def file(order: Order) -> None:
        body = {"order_id": order.order_id, "channel": "CHANNEL_HOTLINE"}
        told = await story.gateway.post(story.tokens["hotline"], "/v1/complaints", body)
        filed(story, order, told)

    async def close(one: Complaint) -> None:
        upheld = story.dice("complaint", one.order.number, "upheld").random() < UPHELD
        await story.gateway.post(
            story.tokens["office"], f"/v1/complaints/{one.complaint_id}:close", {"upheld": upheld}
        )
        story.truth.count("DI06", one.month, one.order.area_code, int(story.now <= one.due_at), 0)

    ripe = [one for one in story.complaints if one.close_on <= story.today]
    story.complaints = [one for one in story.complaints if one.close_on > story.today]
    await story.gateway.each(close, ripe)
    await story.gateway.each(
        file,
        [
            order
            for order in story.finished_today
            if story.dice("complaint", order.number).random() < COMPLAIN
        ],
    )


def filed(story: Story, order: Order, told: dict[str, Any]) -> None:
    """A complaint is to be closed by the day that the city promises, whatever the platform tells of
    it.
    """
    story.truth.count("DI06", story.month, order.area_code, 0, 1)
    due_at = norms.complaint_due(story.now)
    story.expect(
        f"when a complaint of {story.now} is due", datetime.fromisoformat(told["due_at"]), due_at
    )
    close_on = story.today + timedelta(
        days=story.dice("complaint", order.number, "answer").choice(DAYS_TO_CLOSE)
    )
    story.complaints.append(Complaint(told["complaint_id"], close_on, due_at, story.month, order))
    story.events["complaints"] += 1


async def _verify(story: Story) -> None:
    """An inspector asks the elder; the settlement of a visit that was never held is found among
    those made since the last look.
    """
    chosen = [
        order
        for order in story.finished_today
        if order.captured and story.dice("verify", order.number).random() < VERIFY
    ]
    if any(not order.settlement_id for order in chosen):
        rows, story.last_settlement = await _settlements(
            story, story.last_settlement, state="STATE_APPROVED"
        )
        for row in rows:
            story.orders[row["order_id"]].settlement_id = row["settlement_id"]

    async def verify(order: Order) -> None:
        await story.gateway.post(
            story.tokens["inspector"],
            f"/v1/settlements/{order.settlement_id}:verify",
            {"genuine": True},
        )
        story.truth.count("SU09", order.approved_month, order.area_code, 1, 0)
        story.events["verified"] += 1

    await story.gateway.each(verify, chosen)


async def _settlements(story: Story, after: str, **query: Any) -> tuple[list[dict[str, Any]], str]:
    """Verdicts behind one of them, and the last of them."""
    rows: list[dict[str, Any]] = []
    while True:
        page = await story.gateway.get(
            story.tokens["inspector"], "/v1/settlements", limit=PAGE, after=after, **query
        )
        rows += page["rows"]
        if not page["next"]:
            return rows, rows[-1]["settlement_id"] if rows else after
        after = page["next"]
