"""Bytes → dispatch → rows: what becomes of an elder's orders."""

from datetime import timedelta

from eldercare.assessment.v1.events_pb2 import ElderChanged
from eldercare.dispatch.v1.events_pb2 import OrderCancelled

from dispatch.orders.rules import State
from dispatch.settings import GROUP
from dispatch.testing import BEGIN, a_key_ring, an_elder, an_order
from kit.contracts import ids
from testkit.delivery import a_record, deliver, deliver_records


async def test_a_death_delivered_twice_cancels_once(store, insert, messages):
    elder_id = ids.new()
    await insert(an_order(a_key_ring(), elder_id=elder_id))
    record = a_record(an_elder(elder_id, died_on="2026-02-20"), BEGIN)

    await deliver_records(store, GROUP, [record])
    await deliver_records(store, GROUP, [record])

    assert [event.cause for event in await messages(OrderCancelled)] == [OrderCancelled.CAUSE_DEATH]


async def test_who_moved_out_is_visited_no_more_and_the_cause_is_published(
    store, insert, messages, rows
):
    elder_id = ids.new()
    await insert(
        an_order(a_key_ring(), elder_id=elder_id),
        an_order(a_key_ring(), elder_id=elder_id, state=State.RESERVING, version=0),
        an_order(a_key_ring()),
        an_order(
            a_key_ring(),
            elder_id=elder_id,
            state=State.IN_SERVICE,
            worker_id=ids.new(),
            organisation_id=ids.new(),
        ),
    )

    await deliver(store, GROUP, ElderChanged(elder=an_elder(elder_id, status=3).elder))

    assert [event.cause for event in await messages(OrderCancelled)] == [
        OrderCancelled.CAUSE_MOVED_OUT
    ]
    states = [
        State(row["state"])
        for row in await rows(
            "select state from visit_order where elder_id = $1 order by state", elder_id
        )
    ]
    assert states == [State.IN_SERVICE, State.CANCELLED, State.CANCELLED]


async def test_what_a_wrong_death_or_move_ended_is_asked_for_again_once(store, insert, rows):
    elder_id = ids.new()
    order = an_order(a_key_ring(), elder_id=elder_id)
    past = an_order(
        a_key_ring(),
        elder_id=elder_id,
        wanted_from=BEGIN - timedelta(hours=4),
        wanted_to=BEGIN - timedelta(hours=2),
    )
    await insert(order, past)
    gone = an_elder(elder_id, died_on="2026-02-20")
    back = ElderChanged(elder=an_elder(elder_id, effective_on="2026-02-20").elder)

    for event in (gone, back, gone, back, back):
        await deliver(store, GROUP, event)

    found = await rows(
        "select state, version, elder_id, wanted_from, voucher_fen from visit_order "
        "where elder_id = $1 and state = $2",
        elder_id,
        State.RESERVING,
    )
    assert [(row["version"], row["wanted_from"]) for row in found] == [(0, order.wanted_from)]
    timers = await rows("select key from due where kind = 'reserve'")
    assert len(timers) == 1


async def test_who_comes_back_after_a_true_move_orders_anew(store, insert, rows):
    elder_id = ids.new()
    await insert(an_order(a_key_ring(), elder_id=elder_id))
    for event in (
        ElderChanged(elder=an_elder(elder_id, status=3).elder),
        ElderChanged(elder=an_elder(elder_id).elder),
    ):
        await deliver(store, GROUP, event)

    assert await rows("select 1 from visit_order where state = $1", State.RESERVING) == []
