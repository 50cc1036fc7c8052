"""What is told of an order that a voucher pays for, from its placing to the visit."""

from datetime import datetime, timedelta

from eldercare.dispatch.v1 import events_pb2 as dispatch
from eldercare.subsidy.v1 import events_pb2 as subsidy

from datacenter.testing.settlements import an_order_is_settled
from datacenter.testing.story import Fields, Story, made
from kit.contracts.wire import timestamp

ITEM: Fields = {"item_code": "bath", "planned_min": 60}
PRICE: Fields = {"help": 2, "price_fen": 6000, "voucher_fen": 3000}


def an_elder_orders(story: Story, voucher: Fields, at: datetime) -> None:
    """Orders for the next day; the visit is made, or the order is cancelled."""
    order_id, wanted = story.new_id(), at + timedelta(days=1)
    order: Fields = {
        "order_id": order_id,
        "elder_id": voucher["elder_id"],
        "area_code": voucher["area_code"],
    }
    _placed(story, order, voucher, wanted, at)
    if story.happens(0.15):
        cause = story.chance.randrange(1, 6)
        cancelled = {"cause": cause, "cancelled_at": timestamp(wanted)}
        story.say(made(dispatch.OrderCancelled, order, cancelled), wanted)
        return
    worker = _offered(story, order, wanted, at)
    _visited(story, order, worker, wanted)
    an_order_is_settled(story, order, worker, voucher, wanted + timedelta(hours=1))


def _placed(story: Story, order: Fields, voucher: Fields, wanted: datetime, at: datetime) -> None:
    reserved = made(
        subsidy.VoucherReserved,
        voucher,
        order_id=order["order_id"],
        reserved_fen=3000,
        reserved_at=timestamp(at),
    )
    placed = made(
        dispatch.OrderPlaced,
        order,
        ITEM,
        PRICE,
        wanted_from=timestamp(wanted),
        wanted_to=timestamp(wanted + timedelta(hours=2)),
        channel=3,
        placed_at=timestamp(at),
    )
    story.say(reserved, at)
    story.say(placed, at)


def _offered(story: Story, order: Fields, wanted: datetime, at: datetime) -> Fields:
    """Up to two offers, of which the last is taken. Returns who took it."""
    worker: Fields = {}
    for attempt in (1, 2):
        worker = {
            "organisation_id": story.organisation,
            "worker_id": story.chance.choice(story.worker_ids),
        }
        at += timedelta(minutes=5)
        offer = {"attempt": attempt, "planned_at": timestamp(wanted), "assigned_at": timestamp(at)}
        story.say(made(dispatch.OrderAssigned, order, worker, ITEM, offer), at)
        if attempt == 2 or story.happens(0.8):
            break
        declined = made(dispatch.OrderDeclined, order, worker, declined_at=timestamp(at))
        story.say(declined, at)
    story.say(made(dispatch.OrderAccepted, order, worker, accepted_at=timestamp(at)), at)
    return worker


def _visited(story: Story, order: Fields, worker: Fields, wanted: datetime) -> None:
    done = wanted + timedelta(hours=1)
    started = made(
        dispatch.OrderStarted,
        order,
        worker,
        checked_in_at=timestamp(wanted),
        late_min=story.chance.choice((-30, 0, 15, 16)),
    )
    finished = made(
        dispatch.OrderFinished,
        order,
        worker,
        ITEM,
        PRICE,
        checked_in_at=timestamp(wanted),
        checked_out_at=timestamp(done),
        served_min=60,
        check_in_m=20,
        check_out_m=25,
        finished_at=timestamp(done),
    )
    story.say(started, wanted)
    story.say(finished, done)
