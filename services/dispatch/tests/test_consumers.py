"""Bytes → dispatch → rows."""

import pytest
from eldercare.assessment.v1.events_pb2 import ElderChanged
from eldercare.dispatch.v1.events_pb2 import OrderCancelled

from dispatch import consumers
from dispatch.rules.orders import State
from dispatch.testing import (
    BEGIN,
    COUNTY,
    ELSEWHERE,
    a_ring,
    a_worker,
    an_elder,
    an_order,
    an_organisation,
)
from kit.contracts import ids
from testkit.extremes import ENDS, LAST, moved
from testkit.telling import a_record, tell, tell_records


async def test_what_others_say_is_kept_as_far_as_it_is_needed(store, rows):
    elder_id, organisation_id, worker_id = ids.new(), ids.new(), ids.new()

    fates = await tell(
        store,
        consumers.GROUP,
        an_elder(elder_id),
        an_organisation(organisation_id),
        a_worker(worker_id, organisation_id, skills=[2, 3]),
    )

    assert fates == {"applied": 3}
    assert await rows("select elder_id, living, status from elder") == [
        {"elder_id": elder_id, "living": 1, "status": 1}
    ]
    assert await rows("select home_services, lon from organisation") == [
        {"home_services": True, "lon": 118.3}
    ]
    assert await rows("select skills, shift_from_min from worker") == [
        {"skills": [2, 3], "shift_from_min": 480}
    ]


async def test_a_county_with_a_worker_is_planned_every_evening_and_another_county_is_not(
    store, rows
):
    organisation_id = ids.new()

    await tell(store, consumers.GROUP, *(a_worker(ids.new(), organisation_id) for _ in range(3)))
    await tell(store, consumers.GROUP, a_worker(ids.new(), organisation_id))

    assert await rows("select kind, key, at from due") == [
        {"kind": "plan", "key": COUNTY, "at": BEGIN.replace(hour=10)}
    ]
    await tell(store, consumers.GROUP, a_worker(ids.new(), organisation_id, area_code=ELSEWHERE))
    assert len(await rows("select from due")) == 2


async def test_a_death_told_twice_cancels_once(store, remember, messages):
    elder_id = ids.new()
    await remember(an_order(a_ring(), elder_id=elder_id))
    record = a_record(an_elder(elder_id, died_on="2026-02-20"), BEGIN)

    await tell_records(store, consumers.GROUP, [record])
    await tell_records(store, consumers.GROUP, [record])

    assert [told.cause for told in await messages(OrderCancelled)] == [OrderCancelled.CAUSE_DEATH]


async def test_who_moved_out_is_visited_no_more_and_the_cause_is_told(
    store, remember, messages, rows
):
    elder_id = ids.new()
    await remember(
        an_order(a_ring(), elder_id=elder_id),
        an_order(a_ring(), elder_id=elder_id, state=State.RESERVING, version=0),
        an_order(a_ring()),
        an_order(
            a_ring(),
            elder_id=elder_id,
            state=State.IN_SERVICE,
            worker_id=ids.new(),
            organisation_id=ids.new(),
        ),
    )

    await tell(store, consumers.GROUP, ElderChanged(elder=an_elder(elder_id, status=3).elder))

    assert [told.cause for told in await messages(OrderCancelled)] == [
        OrderCancelled.CAUSE_MOVED_OUT
    ]
    states = [
        State(row["state"])
        for row in await rows(
            "select state from visit_order where elder_id = $1 order by state", elder_id
        )
    ]
    assert states == [State.IN_SERVICE, State.CANCELLED, State.CANCELLED]


async def test_an_older_state_of_a_worker_changes_nothing(store, rows):
    worker_id, organisation_id = ids.new(), ids.new()
    older = a_record(a_worker(worker_id, organisation_id), BEGIN)
    await tell(store, consumers.GROUP, a_worker(worker_id, organisation_id, status=2))

    await tell_records(store, consumers.GROUP, [older])

    assert await rows("select status from worker") == [{"status": 2}]


@pytest.mark.parametrize(("day", "at"), ENDS)
@pytest.mark.parametrize("late", [False, True])
async def test_what_lies_at_the_ends_of_what_is_accepted_is_applied(
    store, clock, rows, day, at, late
):
    if late:
        clock.set(LAST)
    elder_id, organisation_id, worker_id = ids.new(), ids.new(), ids.new()
    told = [
        an_elder(elder_id),
        an_organisation(organisation_id),
        a_worker(worker_id, organisation_id),
        an_elder(elder_id, died_on=day),
        a_worker(worker_id, organisation_id, status=2),
    ]

    assert await tell(
        store, consumers.GROUP, *(moved(event, day, at) for event in told), careful=True
    ) == {"applied": 5}
    assert [
        row["status"]
        for row in await rows("select status from worker union all select status from elder")
    ] == [2, 2]
