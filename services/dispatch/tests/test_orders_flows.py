"""What happens to an order, on a real database."""

from collections import Counter
from datetime import datetime, timedelta
from uuid import UUID

import pytest
from eldercare.dispatch.v1 import api_pb2 as pb
from eldercare.dispatch.v1 import events_pb2 as events
from eldercare.dispatch.v1.events_pb2 import (
    BackEntryFiled,
    OrderAccepted,
    OrderAssigned,
    OrderCancelled,
    OrderDeclined,
    OrderFinished,
    OrderFollowedUp,
    OrderStarted,
)

from dispatch.orders.errors import (
    AlreadyCancelled,
    BackEntryDecided,
    BackEntryUnfinished,
    CertificateExpired,
    DeviceTimeWrong,
    NotAccepted,
    NotBegun,
    NotDone,
    NotOffered,
    OfferReplaced,
    TooLateToTell,
    VisitBegun,
)
from dispatch.orders.flows import answers, back_entries, visits
from dispatch.orders.rules import State
from dispatch.settings import GROUP
from dispatch.testing import (
    BEGIN,
    ELSEWHERE,
    TOMORROW,
    a_key_ring,
    a_provider,
    a_worker,
    an_elder,
    an_official,
    an_order,
    an_organisation,
    the_worker,
)
from kit.contracts import ids, wire
from kit.contracts.clock import local_day
from kit.contracts.refusals import Malformed, NotFound
from kit.runtime.timers import set_timer
from testkit.delivery import deliver, fire

RING = a_key_ring()
NORTH = (118.30, 32.301)  # 111 m north of the home of these tests


@pytest.fixture
def offer(store, insert, clock):
    """`await offer(order)` keeps an order and looks for somebody at once."""

    async def offered(order):
        await insert(order)
        async with store.transaction() as session:
            set_timer(session, session.now, "offer", str(order.order_id))
        await fire(store, GROUP)
        async with store.reading() as session:
            return await session.get(type(order), order.order_id)

    return offered


@pytest.fixture
def act(store):
    """`await act(flow, request, caller)` in a transaction of its own, raw where the flow is hot."""

    async def done(flow, request, caller):
        opened = store.raw() if flow in (visits.check_in, visits.check_out) else store.transaction()
        async with opened as session:
            return await flow(session, request, caller)

    return done


@pytest.fixture
def begun(offer, act, firm, at):
    """`await begun(order)` is accepted, and it is the morning of the visit: the worker."""

    async def ready(order):
        order = await offer(order)
        worker = the_worker(order.worker_id, firm.organisation_id)
        await act(answers.accept, pb.AcceptOrder(order_id=str(order.order_id)), worker)
        return worker

    return ready


def check_in(order, at, position=NORTH):
    return pb.CheckInOrder(
        order_id=str(order.order_id), at=wire.timestamp(at), **_position(position)
    )


def check_out(order, at, position=NORTH):
    return pb.CheckOutOrder(
        order_id=str(order.order_id), at=wire.timestamp(at), **_position(position)
    )


def _position(position):
    return {"lon": position[0], "lat": position[1]} if position else {}


@pytest.mark.parametrize(
    ("last_day", "is_asked"), [("2026-03-02", False), ("2026-03-03", True), (None, True)]
)
async def test_nobody_is_asked_after_the_last_day_of_the_certificate(
    store, offer, firm, last_day, is_asked
):
    given = {"certified_until": last_day} if last_day else {}
    for worker in firm.workers:
        await deliver(store, GROUP, a_worker(worker, firm.organisation_id, **given))

    order = await offer(an_order(RING))  # of 3 March

    assert (order.worker_id is not None) is is_asked


async def test_who_is_not_certified_on_the_day_of_the_visit_does_not_accept(
    store, insert, act, firm
):
    worker_id = firm.workers[0]
    order = an_order(
        RING,
        state=State.ASSIGNED,
        worker_id=worker_id,
        organisation_id=firm.organisation_id,
        planned_at=TOMORROW,
    )
    # the change came before the offer
    ending = a_worker(worker_id, firm.organisation_id, certified_until="2026-03-02")
    await deliver(store, GROUP, ending)
    await insert(order)

    request = pb.AcceptOrder(order_id=str(order.order_id))
    with pytest.raises(CertificateExpired):
        await act(answers.accept, request, the_worker(worker_id, firm.organisation_id))


async def test_what_was_promised_beyond_a_certificate_is_offered_to_others(store, offer, act, firm):
    order = await offer(an_order(RING))
    before = order.worker_id
    worker = the_worker(before, firm.organisation_id)
    await act(answers.accept, pb.AcceptOrder(order_id=str(order.order_id)), worker)

    ending = a_worker(before, firm.organisation_id, certified_until="2026-03-02")
    await deliver(store, GROUP, ending)
    await fire(store, GROUP)

    async with store.reading() as session:
        order = await session.get(type(order), order.order_id)
    assert order.worker_id in set(firm.workers) - {before}


async def test_an_order_is_offered_to_a_worker_who_can_be_there(offer, firm, messages):
    order = await offer(an_order(RING))

    assert order.state == State.ASSIGNED
    assert order.worker_id in firm.workers
    assert order.organisation_id == firm.organisation_id
    assert order.wanted_from <= order.planned_at <= order.wanted_to
    [assigned] = await messages(OrderAssigned)
    assert (assigned.attempt, wire.instant(assigned.planned_at), assigned.worker_id) == (
        1,
        order.planned_at,
        str(order.worker_id),
    )


async def test_an_order_without_a_position_is_served_too(offer, firm):
    assert (await offer(an_order(RING, at=None))).state == State.ASSIGNED


async def test_two_offers_at_one_time_go_to_two_workers(offer, firm):
    window = {"wanted_from": TOMORROW, "wanted_to": TOMORROW + timedelta(minutes=30)}

    offered = [await offer(an_order(RING, **window)) for _ in range(3)]

    assert {order.worker_id for order in offered[:2]} == set(firm.workers)
    assert offered[2].state == State.PLACED


async def test_workers_of_another_county_or_without_the_skill_are_not_asked(
    store, offer, firm, rows
):
    elsewhere, unable = ids.new(), ids.new()
    workers = [a_worker(each, firm.organisation_id, status=2) for each in firm.workers]
    others = [
        a_worker(elsewhere, firm.organisation_id, area_code=ELSEWHERE),
        a_worker(unable, firm.organisation_id, skills=[1]),
    ]
    await deliver(store, GROUP, *workers, *others)

    assert (await offer(an_order(RING))).state == State.PLACED


async def test_who_declines_is_not_asked_again_and_the_next_one_is(
    offer, act, store, firm, messages
):
    order = await offer(an_order(RING))
    first = order.worker_id

    await act(
        answers.decline,
        pb.DeclineOrder(order_id=str(order.order_id)),
        a_provider(firm.organisation_id),
    )
    await fire(store, GROUP)

    second = (await messages(OrderAssigned))[-1]
    assert second.attempt == 2
    assert UUID(second.worker_id) == next(worker for worker in firm.workers if worker != first)
    await act(
        answers.decline,
        pb.DeclineOrder(order_id=str(order.order_id)),
        a_provider(firm.organisation_id),
    )
    await fire(store, GROUP)
    assert len(await messages(OrderAssigned)) == 2
    assert len(await messages(OrderDeclined)) == 2


async def test_why_an_order_is_given_back_is_published_and_silence_names_nothing(
    offer, act, store, clock, firm, messages
):
    order = await offer(an_order(RING))
    order_id, firm_itself = str(order.order_id), a_provider(firm.organisation_id)
    await act(answers.accept, pb.AcceptOrder(order_id=order_id), firm_itself)

    away = pb.DeclineOrder(order_id=order_id, attempt=1, reason="REASON_ABSENT")
    await act(answers.decline, away, firm_itself)
    await fire(store, GROUP)
    clock.set(BEGIN + timedelta(hours=4))
    await fire(store, GROUP)

    assert [event.reason for event in await messages(OrderDeclined)] == [
        OrderDeclined.REASON_ABSENT,
        OrderDeclined.REASON_UNSPECIFIED,
    ]


async def test_a_late_answer_to_an_old_offer_leaves_the_new_one_open(
    offer, act, store, firm, messages
):
    order = await offer(an_order(RING))
    order_id, firm_itself = str(order.order_id), a_provider(firm.organisation_id)
    await act(answers.decline, pb.DeclineOrder(order_id=order_id, attempt=1), firm_itself)
    await fire(store, GROUP)

    for flow, late in (
        (answers.accept, pb.AcceptOrder(order_id=order_id, attempt=1)),
        (answers.decline, pb.DeclineOrder(order_id=order_id, attempt=1)),
    ):
        with pytest.raises(OfferReplaced) as refused:
            await act(flow, late, firm_itself)
        assert (refused.value.field, refused.value.facts["attempt"]) == ("attempt", 2)

    async with store.reading() as session:
        row = await session.get(type(order), order.order_id)
        still = wire.message(pb.Order, row, received_fen=0)
    assert (still.state, still.attempt) == (State.ASSIGNED, 2)
    await act(answers.accept, pb.AcceptOrder(order_id=order_id, attempt=2), firm_itself)
    assert len(await messages(OrderAccepted)) == 1


async def test_an_order_nobody_can_serve_is_tried_every_hour_until_its_window_has_passed(
    offer, store, clock, firm, messages, rows
):
    window = {
        "wanted_from": BEGIN + timedelta(minutes=30),
        "wanted_to": BEGIN + timedelta(minutes=90),
    }
    order = await offer(an_order(RING, planned_min=700, **window))
    assert await rows("select at from due where kind = 'offer'") == [
        {"at": BEGIN + timedelta(hours=1)}
    ]

    clock.set(BEGIN + timedelta(hours=1))
    await fire(store, GROUP)
    assert await messages(OrderCancelled) == []
    clock.set(order.wanted_to)
    await fire(store, GROUP)

    [cancelled] = await messages(OrderCancelled)
    assert (cancelled.cause, cancelled.worker_id, cancelled.organisation_id) == (
        OrderCancelled.CAUSE_UNSERVED,
        "",
        "",
    )
    assert await rows("select from due where kind <> 'plan'") == []


async def test_silence_counts_as_declined(offer, store, clock, firm, messages):
    order = await offer(an_order(RING))

    clock.set(BEGIN + timedelta(hours=4))
    await fire(store, GROUP)

    [declined] = await messages(OrderDeclined)
    assert declined.worker_id == str(order.worker_id)
    assert [event.attempt for event in await messages(OrderAssigned)] == [1, 2]


async def test_a_worker_who_leaves_leaves_no_order_behind(
    offer, act, begun, store, firm, messages, rows
):
    order = an_order(RING)
    worker = await begun(order)

    await deliver(store, GROUP, a_worker(UUID(worker.worker_id), firm.organisation_id, status=2))
    await fire(store, GROUP)

    assert [event.attempt for event in await messages(OrderAssigned)] == [1, 2]
    assert (await messages(OrderAssigned))[1].worker_id != worker.worker_id
    assert await rows("select from due where kind = 'missed'") == []


async def test_a_suspended_firm_gives_its_orders_of_these_days_back_and_gets_no_others(
    offer, act, store, firm, messages, rows, clock
):
    order = await offer(an_order(RING))
    await act(
        answers.accept,
        pb.AcceptOrder(order_id=str(order.order_id)),
        a_provider(firm.organisation_id),
    )
    day = local_day(TOMORROW)
    after = {"suspended_from": str(day + timedelta(days=1))}

    await deliver(store, GROUP, an_organisation(firm.organisation_id, **after))
    assert await rows("select state from visit_order") == [{"state": State.ACCEPTED}]
    ended = {"suspended_from": "2026-01-01", "suspended_to": str(day)}
    await deliver(store, GROUP, an_organisation(firm.organisation_id, **ended))
    assert await rows("select state from visit_order") == [{"state": State.ACCEPTED}]
    now = {"suspended_from": str(day), "suspended_to": str(day + timedelta(days=1))}
    await deliver(store, GROUP, an_organisation(firm.organisation_id, **now))
    await fire(store, GROUP)

    assert await rows("select state, worker_id from visit_order") == [
        {"state": State.PLACED, "worker_id": None}
    ]
    assert len(await messages(OrderAssigned)) == 1
    # the same workers may be asked again, once it is resumed
    await deliver(store, GROUP, an_organisation(firm.organisation_id))
    clock.set(clock.now() + timedelta(hours=1))
    await fire(store, GROUP)
    assert len(await messages(OrderAssigned)) == 2


async def test_a_closed_firm_gives_every_order_back(offer, store, firm, messages, rows):
    await offer(an_order(RING))

    await deliver(store, GROUP, an_organisation(firm.organisation_id, status=2))
    await fire(store, GROUP)

    assert await rows("select state from visit_order") == [{"state": State.PLACED}]
    assert len(await messages(OrderAssigned)) == 1


async def test_who_works_in_a_facility_visits_no_home(offer, store, firm, rows):
    for worker in firm.workers:
        inside = a_worker(worker, firm.organisation_id, place_of_work=1)
        await deliver(store, GROUP, inside)

    assert (await offer(an_order(RING))).state == State.PLACED


async def test_only_the_offered_worker_or_the_firm_may_answer(offer, act, firm, messages):
    order = await offer(an_order(RING))
    other = next(worker for worker in firm.workers if worker != order.worker_id)
    request = pb.AcceptOrder(order_id=str(order.order_id))

    for stranger in (the_worker(other, firm.organisation_id), a_provider(ids.new()), an_official()):
        with pytest.raises(NotFound):
            await act(answers.accept, request, stranger)
    await act(answers.accept, request, a_provider(firm.organisation_id))

    assert len(await messages(OrderAccepted)) == 1
    with pytest.raises(NotOffered):
        await act(answers.accept, request, a_provider(firm.organisation_id))


async def test_an_accepted_order_is_given_back_by_naming_its_offer(
    offer, act, store, firm, messages, rows
):
    order = await offer(an_order(RING))
    order_id, firm_itself = str(order.order_id), a_provider(firm.organisation_id)
    await act(answers.accept, pb.AcceptOrder(order_id=order_id), firm_itself)

    with pytest.raises(NotOffered):  # as a client sends it that answers an open offer
        await act(answers.decline, pb.DeclineOrder(order_id=order_id), firm_itself)
    await act(answers.decline, pb.DeclineOrder(order_id=order_id, attempt=1), firm_itself)
    await fire(store, GROUP)

    second = (await messages(OrderAssigned))[-1]
    assert (second.attempt, UUID(second.worker_id) != order.worker_id) == (2, True)
    assert len(await messages(OrderDeclined)) == 1
    assert await rows("select state, accepted_at from visit_order") == [
        {"state": State.ASSIGNED, "accepted_at": None}
    ]
    assert await rows("select from due where kind = 'missed'") == []


async def test_nobody_gives_back_what_has_begun(begun, act, clock, firm):
    order = an_order(RING)
    worker = await begun(order)
    request = pb.DeclineOrder(order_id=str(order.order_id), attempt=1)
    clock.set(TOMORROW + timedelta(hours=4))

    await act(visits.check_in, check_in(order, order.wanted_from), worker)
    with pytest.raises(NotOffered):
        await act(answers.decline, request, a_provider(firm.organisation_id))


async def test_a_visit_is_proved_in_metres_and_minutes(begun, act, clock, messages, rows):
    order = an_order(RING)
    worker = await begun(order)
    clock.set(TOMORROW + timedelta(hours=4))
    arrived = order.wanted_to + timedelta(minutes=10, seconds=1)

    started = await act(visits.check_in, check_in(order, arrived), worker)
    finished = await act(
        visits.check_out,
        check_out(order, arrived + timedelta(minutes=59, seconds=59), None),
        worker,
    )

    assert (started.late_min, finished.outside_min) == (11, 11)
    assert (finished.served_min, finished.check_in_m, finished.planned_min) == (59, 111, 60)
    assert not finished.HasField("check_out_m")
    assert not finished.HasField("previous_m")
    assert not finished.HasField("previous_min")
    assert wire.instant(finished.finished_at) == clock.now()
    [row] = await rows("select state, version from visit_order")
    assert row == {"state": State.DONE, "version": 5}
    assert [len(await messages(kind)) for kind in (OrderStarted, OrderFinished)] == [1, 1]
    assert await rows("select from due where kind <> 'plan'") == []


async def test_the_way_between_two_visits_is_published_also_where_devices_report_late(
    store, begun, act, clock, insert, firm
):
    first = an_order(RING)
    second = an_order(
        RING, wanted_from=TOMORROW + timedelta(hours=3), wanted_to=TOMORROW + timedelta(hours=4)
    )
    worker = await begun(first)
    other = await begun(second)
    if other.worker_id != worker.worker_id:
        async with store.transaction() as session:
            row = await session.get(type(second), second.order_id)
            row.worker_id = UUID(worker.worker_id)
    clock.set(TOMORROW + timedelta(hours=6))
    nine = TOMORROW
    noon = TOMORROW + timedelta(hours=3)

    await act(visits.check_in, check_in(second, noon, (118.30, 32.40)), worker)
    later = await act(visits.check_out, check_out(second, noon + timedelta(hours=1)), worker)
    await act(visits.check_in, check_in(first, nine), worker)
    earlier = await act(visits.check_out, check_out(first, nine + timedelta(hours=1)), worker)

    assert not {"previous_min", "next_min"} & {
        field.name for field, _ in later.ListFields()
    }  # nothing was known of the first visit yet
    assert not earlier.HasField("previous_min")  # what ends later is not before
    assert (earlier.next_min, earlier.next_m) == (
        120,
        pytest.approx(11_000, abs=50),
    )  # but after it, and already known
    third = an_order(RING)
    await insert(
        an_order(
            RING,
            state=State.ACCEPTED,
            worker_id=UUID(worker.worker_id),
            organisation_id=firm.organisation_id,
            order_id=third.order_id,
        )
    )
    at_two = TOMORROW + timedelta(hours=5)
    await act(visits.check_in, check_in(third, at_two, (118.30, 32.40)), worker)
    last = await act(visits.check_out, check_out(third, at_two + timedelta(minutes=30)), worker)
    assert (last.previous_min, last.HasField("next_min")) == (60, False)
    assert last.previous_m == pytest.approx(11_000, abs=50)


async def test_device_times_that_cannot_be_true_are_refused(begun, act, clock):
    order = an_order(RING)
    worker = await begun(order)
    clock.set(TOMORROW)

    with pytest.raises(NotBegun):
        await act(visits.check_out, check_out(order, TOMORROW), worker)
    for wrong in (TOMORROW + timedelta(minutes=5, seconds=1), BEGIN - timedelta(minutes=6)):
        with pytest.raises(DeviceTimeWrong):
            await act(visits.check_in, check_in(order, wrong), worker)
    await act(visits.check_in, check_in(order, TOMORROW + timedelta(minutes=5)), worker)
    with pytest.raises(DeviceTimeWrong):
        await act(visits.check_out, check_out(order, TOMORROW), worker)
    with pytest.raises(NotAccepted):
        await act(visits.check_in, check_in(order, TOMORROW), worker)


async def test_nobody_came_four_hours_after_the_window(begun, store, clock, messages):
    order = an_order(RING)
    worker = await begun(order)

    clock.set(order.wanted_to + timedelta(hours=4))
    await fire(store, GROUP)

    [cancelled] = await messages(OrderCancelled)
    assert (cancelled.cause, cancelled.worker_id) == (OrderCancelled.CAUSE_MISSED, worker.worker_id)


@pytest.fixture
def missed(begun, store, clock):
    """`await missed(order)` was accepted, and nobody told a visit in time: the worker."""

    async def ready(order):
        worker = await begun(order)
        clock.set(order.wanted_to + timedelta(hours=4))
        await fire(store, GROUP)
        return worker

    return ready


async def test_a_visit_sent_after_its_order_had_ended_waits_for_approval_at_the_devices_times(
    missed, act, firm, messages, rows
):
    order = an_order(RING)
    worker = await missed(order)
    arrived = TOMORROW + timedelta(minutes=3)

    begun = await act(visits.check_in, check_in(order, arrived), worker)
    left = await act(visits.check_out, check_out(order, arrived + timedelta(hours=1)), worker)

    assert (begun.back_entry, left.back_entry) == (True, True)
    assert await messages(OrderStarted) == []
    [filed] = await messages(BackEntryFiled)
    assert wire.instant(filed.checked_in_at) == arrived
    decision = pb.DecideOnBackEntry(order_id=str(order.order_id), approve=True)
    with pytest.raises(NotFound):
        await act(back_entries.decide, decision, a_provider(ids.new()))
    await act(back_entries.decide, decision, a_provider(firm.organisation_id))
    [finished] = await messages(OrderFinished)
    assert (finished.back_entry, finished.served_min, finished.check_in_m) == (True, 60, 111)
    assert wire.instant(finished.checked_in_at) == arrived
    assert finished.voucher_fen == order.voucher_fen
    [started] = await messages(OrderStarted)
    assert (started.back_entry, started.late_min) == (True, -117)
    assert await rows("select state from visit_order") == [{"state": State.DONE}]
    with pytest.raises(BackEntryDecided):
        await act(back_entries.decide, decision, an_official())


async def test_a_back_entry_that_is_rejected_leaves_the_order_as_it_had_ended(
    missed, act, messages, rows
):
    order = an_order(RING)
    worker = await missed(order)
    await act(visits.check_in, check_in(order, TOMORROW - timedelta(minutes=90)), worker)
    approval = pb.DecideOnBackEntry(order_id=str(order.order_id), approve=True)
    with pytest.raises(BackEntryUnfinished):
        await act(back_entries.decide, approval, an_official())

    rejection = pb.DecideOnBackEntry(order_id=str(order.order_id), approve=False)
    answer = await act(back_entries.decide, rejection, an_official())

    assert (answer.outside_min, wire.instant(answer.wanted_from)) == (-90, order.wanted_from)
    [decided] = await messages(events.BackEntryDecided)
    assert not decided.approved
    assert await rows("select state from visit_order") == [{"state": State.CANCELLED}]
    with pytest.raises(NotBegun):
        await act(visits.check_out, check_out(order, TOMORROW), worker)
    with pytest.raises(NotAccepted):
        await act(visits.check_in, check_in(order, TOMORROW), worker)


@pytest.mark.parametrize(
    ("arrived", "sent_after", "is_taken"),
    [
        (timedelta(0), timedelta(hours=72), True),
        (timedelta(0), timedelta(hours=72, seconds=1), False),
        (timedelta(hours=6), timedelta(hours=1), False),
    ],
)
async def test_a_visit_is_sent_within_three_days_and_only_if_it_began_before_the_order_ended(
    missed, act, clock, arrived, sent_after, is_taken
):
    order = an_order(RING)
    worker = await missed(order)
    clock.set(TOMORROW + arrived + sent_after)
    request = check_in(order, TOMORROW + arrived)

    if is_taken:
        assert (await act(visits.check_in, request, worker)).back_entry
    else:
        with pytest.raises(TooLateToTell) as refused:
            await act(visits.check_in, request, worker)
        assert (refused.value.field, refused.value.facts["most_h"]) == ("at", 72)


async def test_an_elder_cancels_until_somebody_has_come(offer, begun, act, clock, messages, rows):
    order, late = await offer(an_order(RING)), an_order(RING)
    caller = an_official()

    await act(answers.cancel, pb.CancelOrder(order_id=str(order.order_id)), caller)
    with pytest.raises(AlreadyCancelled):
        await act(answers.cancel, pb.CancelOrder(order_id=str(order.order_id)), caller)
    with pytest.raises(NotFound):
        await act(
            answers.cancel, pb.CancelOrder(order_id=str(order.order_id)), an_official(ELSEWHERE)
        )
    worker = await begun(late)
    clock.set(TOMORROW)
    await act(visits.check_in, check_in(late, TOMORROW), worker)
    with pytest.raises(VisitBegun):
        await act(answers.cancel, pb.CancelOrder(order_id=str(late.order_id)), caller)

    assert [event.cause for event in await messages(OrderCancelled)] == [OrderCancelled.CAUSE_ELDER]
    assert await rows("select from due where kind in ('offer', 'answer')") == []


async def test_with_an_elder_all_that_is_open_ends(
    offer, begun, act, insert, store, clock, messages, rows
):
    elder_id = ids.new()
    await deliver(store, GROUP, an_elder(elder_id))
    await offer(an_order(RING, elder_id=elder_id))
    await insert(
        an_order(RING, elder_id=elder_id, state=State.RESERVING, version=0),
        an_order(RING, elder_id=elder_id),
    )
    present = an_order(RING, elder_id=elder_id)
    worker = await begun(present)
    clock.set(TOMORROW)
    await act(visits.check_in, check_in(present, TOMORROW), worker)

    await deliver(store, GROUP, an_elder(elder_id, died_on="2026-02-20"))

    states = Counter(State(row["state"]) for row in await rows("select state from visit_order"))
    assert states == {State.CANCELLED: 3, State.IN_SERVICE: 1}
    assert {event.cause for event in await messages(OrderCancelled)} == {OrderCancelled.CAUSE_DEATH}
    assert len(await messages(OrderCancelled)) == 2  # the one being reserved is not published


async def test_a_follow_up_records_whether_the_elder_was_reached(begun, act, clock, messages, rows):
    order = an_order(RING)
    worker = await begun(order)
    hotline = an_official()
    request = pb.FollowUpOrder(order_id=str(order.order_id), reached=True, satisfied=True)
    with pytest.raises(NotDone):
        await act(answers.follow_up, request, hotline)
    clock.set(TOMORROW + timedelta(hours=2))
    await act(visits.check_in, check_in(order, TOMORROW), worker)
    await act(visits.check_out, check_out(order, TOMORROW + timedelta(hours=1)), worker)

    with pytest.raises(Malformed):
        await act(
            answers.follow_up, pb.FollowUpOrder(order_id=str(order.order_id), reached=True), hotline
        )
    await act(
        answers.follow_up, pb.FollowUpOrder(order_id=str(order.order_id), reached=False), hotline
    )
    await act(answers.follow_up, request, hotline)

    calls = await messages(OrderFollowedUp)
    assert [(call.reached, call.HasField("satisfied"), call.satisfied) for call in calls] == [
        (False, False, False),
        (True, True, True),
    ]
    assert await rows("select followed_up from visit_order") == [{"followed_up": True}]


async def test_personal_data_stands_nowhere_in_clear(insert, rows):
    await insert(an_order(RING))

    [row] = await rows("select * from visit_order")

    for value in row.values():
        if isinstance(value, bytes):
            assert "李小明".encode() not in value
            assert b"118.3" not in value
        else:
            assert "118.3" not in str(value)
            assert "13800000001" not in str(value)


def test_the_clock_of_these_tests_is_the_morning():
    assert datetime.fromisoformat("2026-03-02T09:00+08:00") == BEGIN
