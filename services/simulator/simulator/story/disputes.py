"""Visits that something holds after their audit: complaints, negative calls, untrue verifications;
refusals, and what firms do about them.
"""

from dataclasses import dataclass, field
from datetime import datetime

from simulator import norms
from simulator.story import payments
from simulator.story.orders import Orders
from simulator.story.story import Story
from simulator.story.vouchers import give_back
from simulator.world.orders import Order

# Assumption: shares of disputed visits that the inspector has paid, of refused ones whose firm
# appeals, of appeals that are allowed
PAID_ALL_THE_SAME = 0.7
APPEAL = 0.3
ALLOWED = 0.4
PAGE = 500


@dataclass
class Refusal:
    """A visit that is not paid, unless its firm appeals until an instant and is right. decided_by:
    whose token refused it.
    """

    order: Order
    until: datetime
    decided_by: str
    seen: bool = False


@dataclass
class Disputes:
    """grounds: what holds approved visits, by order. complained: orders with an open complaint.
    refusals: those that are not for good. appealed: orders whose firm has appealed. closed: visits
    that are refused for good, whose own shares nobody has looked at.
    """

    grounds: dict[str, set[str]] = field(default_factory=dict)
    complained: set[str] = field(default_factory=set)
    appealed: set[str] = field(default_factory=set)
    refusals: list[Refusal] = field(default_factory=list)
    closed: list[Order] = field(default_factory=list)


def hold(story: Story, order: Order, ground: str) -> None:
    """A ground against a visit; one that was refused stays so."""
    grounds = story.state(Disputes).grounds
    if order.refused:
        return
    if order.order_id not in grounds:
        payments.suspend(story, order)
        story.tally["visits held again"] += 1
    grounds.setdefault(order.order_id, set()).add(ground)


def release(story: Story, order: Order, ground: str = "") -> None:
    """A ground is gone, or all of them."""
    grounds = story.state(Disputes).grounds
    left = grounds.get(order.order_id, set()) - {ground} if ground else set()
    if order.order_id not in grounds:
        return
    grounds[order.order_id] = left
    if not left:
        del grounds[order.order_id]
        payments.restore(story, order)
        story.tally["visits released"] += 1


def refuse(story: Story, order: Order, decided_by: str) -> None:
    """Somebody decided that a visit is not paid."""
    disputes = story.state(Disputes)
    disputes.grounds.pop(order.order_id, None)
    order.refused = True
    payments.suspend(story, order)
    until = norms.appeal_until(story.now)
    disputes.refusals.append(Refusal(order, until, decided_by))


def end_terms(story: Story) -> None:
    """Refusals that nobody appealed against in time are for good."""
    disputes = story.state(Disputes)
    over = [one for one in disputes.refusals if one.until <= story.now]
    disputes.refusals = [one for one in disputes.refusals if one.until > story.now]
    for one in over:
        _close(story, one.order)


def _close(story: Story, order: Order) -> None:
    story.state(Disputes).closed.append(order)
    if order.captured:
        payments.confirm(story, order)
    elif order.ended_at is None:
        give_back(story, order)


async def appeal_some(story: Story) -> None:
    """Some firms appeal against refusals of the days before, and somebody else decides."""
    disputes = story.state(Disputes)
    fresh = [one for one in disputes.refusals if not one.seen]
    for one in fresh:
        one.seen = True
    chosen = [one for one in fresh if _appeals(story, one.order)]
    if not chosen:
        return
    await _find_settlements(story)
    for one in chosen:
        disputes.refusals.remove(one)
        disputes.appealed.add(one.order.order_id)
    await story.gateway.each(lambda one: _appeal(story, one), chosen)


def _appeals(story: Story, order: Order) -> bool:
    """A firm appeals once; while a complaint is open, nobody could decide."""
    disputes = story.state(Disputes)
    if order.order_id in disputes.appealed | disputes.complained:
        return False
    return story.rng("appeal", order.number).random() < APPEAL


async def _appeal(story: Story, refusal: Refusal) -> None:
    order = refusal.order
    path = f"/v1/settlements/{order.settlement_id}"
    firm = order.firm.organisation_id if order.firm else ""
    body = {"statement": "定位偏移，长者已签字"}
    await story.gateway.post(story.tokens[f"firm {firm}"], f"{path}:appeal", body)
    again = story.tokens[f"firm {firm}"]
    await story.expect_refusal(again, f"{path}:appeal", body)
    allow = story.rng("appeal", order.number, "decision").random() < ALLOWED
    same = story.tokens[refusal.decided_by]
    await story.expect_refusal(same, f"{path}:decide-appeal", {"allow": allow}, status=403)
    other = "office" if refusal.decided_by == "inspector" else "inspector"
    await story.gateway.post(story.tokens[other], f"{path}:decide-appeal", {"allow": allow})
    story.tally["appeals allowed" if allow else "appeals dismissed"] += 1
    if not allow:
        _close(story, order)
        return
    order.refused = False
    if order.captured:
        payments.restore(story, order)
    elif order.promised_fen:
        payments.capture(story, order)


async def _find_settlements(story: Story) -> None:
    """Refused visits that were approved first are known by their orders alone."""
    after = ""
    while True:
        page = await story.gateway.get(
            story.tokens["inspector"],
            "/v1/settlements",
            limit=PAGE,
            after=after,
            state="STATE_REFUSED",
        )
        for row in page["rows"]:
            story.state(Orders).by_id[row["order_id"]].settlement_id = row["settlement_id"]
        after = page["next"]
        if not after:
            return
