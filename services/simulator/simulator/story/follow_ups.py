"""Calls to elders after visits."""

from simulator.http_client import Json
from simulator.story import disputes
from simulator.story.story import Story
from simulator.story.visits import Visits
from simulator.truth.follow_ups import FollowedUp
from simulator.world.orders import Order

# Assumption: shares of visits, of calls, of elders reached
FOLLOW_UP = 0.35
REACHED = 0.9
SATISFIED = 0.93


async def call_some(story: Story) -> None:
    """Calls about some of today's visits."""
    chosen = [
        order
        for order in story.state(Visits).finished_today
        if story.rng("call", order.number).random() < FOLLOW_UP
    ]
    await story.gateway.each(lambda order: _call(story, order), chosen)


async def _call(story: Story, order: Order) -> None:
    rng = story.rng("call", order.number, "answer")
    satisfied = None
    reached = rng.random() < REACHED
    body: Json = {"reached": reached}
    if reached:
        satisfied = rng.random() < SATISFIED
        body["satisfied"] = satisfied
    path = f"/v1/orders/{order.order_id}:follow-up"
    await story.gateway.post(story.tokens["hotline"], path, body)
    if satisfied is False:
        disputes.hold(story, order, "call")
    story.record(
        FollowedUp(
            month=story.month,
            finished_month=order.finished_month,
            area_code=order.area_code,
            funded=bool(order.promised_fen),
            satisfied=satisfied,
        )
    )
