"""Bytes → dispatch → rows: how a finished visit is judged."""

from datetime import timedelta

import pytest
from eldercare.supervision.v1.events_pb2 import SettlementApproved, SettlementHeld

from kit.contracts import ids
from supervision.settings import GROUP
from supervision.settlements.rules.verdict import Doubt, State
from supervision.testing import BEGIN, a_visit, a_worker, an_offer, an_order
from testkit.delivery import a_record, deliver, deliver_records
from testkit.extremes import ENDS, LAST, moved


async def test_a_visit_nothing_speaks_against_is_approved_without_a_human(
    store, firm, messages, rows
):
    visit = a_visit(firm.worker_id, firm.organisation_id)

    assert await deliver(store, GROUP, visit) == {"applied": 1}

    [approved] = await messages(SettlementApproved)
    assert (approved.order_id, approved.automatic, approved.price_fen, approved.voucher_fen) == (
        visit.order_id,
        True,
        3500,
        1750,
    )
    assert approved.organisation_id == str(firm.organisation_id)
    assert await messages(SettlementHeld) == []
    assert await rows("select state, version from settlement") == [
        {"state": State.APPROVED, "version": 1}
    ]


async def test_a_doubtful_visit_is_held_with_all_its_doubts(store, firm, messages):
    await deliver(
        store,
        GROUP,
        a_visit(firm.worker_id, firm.organisation_id, minutes=20, check_in_m=900, check_out_m=None),
    )

    [held] = await messages(SettlementHeld)
    assert list(held.doubts) == [Doubt.TOO_SHORT, Doubt.WRONG_PLACE, Doubt.NO_POSITION]
    assert await messages(SettlementApproved) == []


async def test_of_two_visits_at_once_the_later_reported_is_held_also_within_one_batch(
    store, firm, messages
):
    first = a_visit(firm.worker_id, firm.organisation_id)
    second = a_visit(firm.worker_id, firm.organisation_id, begin=BEGIN + timedelta(minutes=30))
    touching = a_visit(firm.worker_id, firm.organisation_id, begin=BEGIN + timedelta(minutes=90))

    await deliver(store, GROUP, first, second, touching)

    assert [event.order_id for event in await messages(SettlementApproved)] == [
        first.order_id,
        touching.order_id,
    ]
    [held] = await messages(SettlementHeld)
    assert (held.order_id, list(held.doubts)) == (second.order_id, [Doubt.OVERLAP])


async def test_of_two_workers_at_one_elder_at_once_the_later_reported_is_held(
    store, firm, messages
):
    other_worker = ids.new()
    await deliver(store, GROUP, a_worker(other_worker, firm.organisation_id))
    elder_id = str(ids.new())
    first = a_visit(firm.worker_id, firm.organisation_id, elder_id=elder_id)
    half_an_hour, two_hours = timedelta(minutes=30), timedelta(minutes=120)
    second, later = (
        a_visit(other_worker, firm.organisation_id, elder_id=elder_id, begin=BEGIN + after)
        for after in (half_an_hour, two_hours)
    )

    await deliver(store, GROUP, first, second, later)

    approved = [event.order_id for event in await messages(SettlementApproved)]
    assert approved == [first.order_id, later.order_id]
    [held] = await messages(SettlementHeld)
    assert (held.order_id, list(held.doubts)) == (second.order_id, [Doubt.OVERLAP])


async def test_a_visit_reported_late_over_an_approved_one_is_held_and_the_approved_one_stays(
    store, firm, messages, rows
):
    approved = a_visit(firm.worker_id, firm.organisation_id, begin=BEGIN + timedelta(minutes=30))
    await deliver(store, GROUP, approved)

    await deliver(store, GROUP, a_visit(firm.worker_id, firm.organisation_id))

    assert [event.order_id for event in await messages(SettlementApproved)] == [approved.order_id]
    assert [list(event.doubts) for event in await messages(SettlementHeld)] == [[Doubt.OVERLAP]]


@pytest.mark.parametrize(
    ("first", "second", "way"),
    [
        (0, 90, {"previous_m": 40_000, "previous_min": 30}),
        (90, 0, {"next_m": 40_000, "next_min": 30}),
    ],
)
async def test_of_two_visits_too_far_apart_the_later_reported_is_held_whichever_was_first(
    store, firm, messages, first, second, way
):
    reported = a_visit(firm.worker_id, firm.organisation_id, begin=BEGIN + timedelta(minutes=first))
    later = a_visit(
        firm.worker_id, firm.organisation_id, begin=BEGIN + timedelta(minutes=second), **way
    )

    await deliver(store, GROUP, reported, later)

    approved = [event.order_id for event in await messages(SettlementApproved)]
    assert approved == [reported.order_id]
    held = [(event.order_id, list(event.doubts)) for event in await messages(SettlementHeld)]
    assert held == [(later.order_id, [Doubt.IMPOSSIBLE_TRAVEL])]


async def test_visits_of_two_workers_at_one_time_do_not_concern_each_other(store, firm, messages):
    other = ids.new()
    await deliver(store, GROUP, a_worker(other, firm.organisation_id))

    await deliver(
        store,
        GROUP,
        a_visit(firm.worker_id, firm.organisation_id),
        a_visit(other, firm.organisation_id),
    )

    assert len(await messages(SettlementApproved)) == 2


async def test_a_visit_delivered_twice_is_judged_once(store, firm, messages):
    record = a_record(a_visit(firm.worker_id, firm.organisation_id), BEGIN)

    await deliver_records(store, GROUP, [record])
    dispositions = await deliver_records(store, GROUP, [record])

    assert dispositions["applied"] == 0
    assert len(await messages(SettlementApproved)) == 1


async def test_a_visit_of_a_worker_not_known_yet_waits(store, messages):
    worker_id, organisation_id = ids.new(), ids.new()

    waiting = await deliver(store, GROUP, a_visit(worker_id, organisation_id))
    both = await deliver(store, GROUP, a_worker(worker_id, organisation_id))

    assert waiting == {"waiting": 1}
    assert both == {"applied": 2}
    assert len(await messages(SettlementApproved)) == 1


@pytest.mark.parametrize(("day", "at"), ENDS)
@pytest.mark.parametrize("late", [False, True])
async def test_what_lies_at_the_ends_of_what_is_accepted_is_applied(
    store, firm, clock, messages, day, at, late
):
    if late:
        clock.set(LAST)
    visit = a_visit(firm.worker_id, firm.organisation_id)
    elder_id, order_id = ids.UUID(visit.elder_id), ids.UUID(visit.order_id)
    events = [
        an_order(order_id, elder_id),
        an_offer(order_id, elder_id, firm.organisation_id),
        visit,
    ]

    assert await deliver(
        store, GROUP, *(moved(event, day, at) for event in events), careful=True
    ) == {"applied": 3}
    assert [event.order_id for event in await messages(SettlementApproved)] == [visit.order_id]
