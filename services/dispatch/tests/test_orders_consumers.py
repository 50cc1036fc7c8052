"""Bytes → dispatch → rows: what becomes of an elder's orders."""

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
