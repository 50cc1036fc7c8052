"""The day before at 18:00, and what happens when something breaks right then."""

import asyncio
import os
import signal
import sys
from datetime import timedelta

import pytest
import pytest_asyncio
from eldercare.dispatch.v1.events_pb2 import OrderAssigned

from dispatch import consumers
from dispatch.duties import Duties
from dispatch.engine import Engine
from dispatch.flows import county_day, planning
from dispatch.flows.placing import Placing
from dispatch.rules.checker import breaches
from dispatch.rules.orders import State
from dispatch.rules.problem import Plan, Stop
from dispatch.testing import COUNTY, ELSEWHERE, TOMORROW, a_ring, a_worker, an_order
from kit.contracts import ids
from kit.rpc.client import Client
from kit.runtime.timers import due_now
from testkit.polling import until
from testkit.telling import fire, tell

RING = a_ring()
DAY = TOMORROW.date()


@pytest_asyncio.fixture
async def engine():
    opened = Engine(timedelta(seconds=2))
    yield opened
    await opened.close()


@pytest_asyncio.fixture
async def duties(store, engine):
    nobody = Client("127.0.0.1:1")  # planning calls no neighbour
    yield Duties(store, Placing(nobody, nobody), engine)
    await nobody.close()


def a_dozen(**given):
    windows = [TOMORROW + timedelta(minutes=30 * n) for n in range(12)]
    return [
        an_order(RING, wanted_from=at, wanted_to=at + timedelta(hours=1), planned_min=30, **given)
        for at in windows
    ]


async def test_at_six_in_the_evening_every_order_of_the_next_day_is_offered(
    store, duties, remember, firm, at, messages, rows
):
    await remember(
        *a_dozen(),
        an_order(RING, area_code=ELSEWHERE),
        an_order(
            RING,
            wanted_from=TOMORROW + timedelta(days=1),
            wanted_to=TOMORROW + timedelta(days=1, hours=1),
        ),
    )
    assert await duties.serve() == 0

    at("2026-03-02 18:00")
    assert (await due_now(store))[0] == 1  # the one-box clock waits for it
    assert await duties.serve() == 1

    told = await messages(OrderAssigned)
    assert len(told) == 12
    assert {each.worker_id for each in told} <= {str(worker) for worker in firm.workers}
    async with store.reading() as session:
        problem = await county_day.problem(session, COUNTY, DAY, [], shared=False)
    stops = tuple(visit.pinned for visit in problem.visits)
    assert breaches(problem, Plan(stops)) == []
    assert (await due_now(store))[0] == 0
    assert [row["kind"] for row in await rows("select kind from due where kind = 'plan'")] == [
        "plan"
    ]


async def test_a_county_is_planned_every_day_and_once(store, duties, remember, firm, at, messages):
    at("2026-03-02 18:00")
    await duties.serve()
    assert await duties.serve() == 0
    late = an_order(
        RING,
        wanted_from=TOMORROW + timedelta(days=1),
        wanted_to=TOMORROW + timedelta(days=1, hours=1),
    )
    await remember(late)

    at("2026-03-03 18:00")
    assert await duties.serve() == 1

    assert [told.order_id for told in await messages(OrderAssigned)] == [str(late.order_id)]


async def test_a_planning_that_comes_after_midnight_plans_the_day_that_has_begun(
    duties, remember, firm, at, messages
):
    await remember(an_order(RING))

    at("2026-03-03 00:30")
    await duties.serve()

    assert len(await messages(OrderAssigned)) == 1


async def test_what_nobody_can_do_is_left_for_the_hourly_tries(
    store, duties, remember, firm, at, rows
):
    await remember(an_order(RING, planned_min=900), an_order(RING))

    at("2026-03-02 18:00")
    await duties.serve()

    assert {
        State(row["state"])
        for row in await rows("select state from visit_order where planned_min = 900")
    } == {State.PLACED}
    assert {
        State(row["state"])
        for row in await rows("select state from visit_order where planned_min = 60")
    } == {State.ASSIGNED}


async def test_the_solver_killed_in_planning_does_not_stop_the_day(
    store, remember, firm, at, messages
):
    slow = Engine(
        timedelta(seconds=20), command=(sys.executable, "-c", "import sys; sys.stdin.read()")
    )
    nobody = Client("127.0.0.1:1")
    duties = Duties(store, Placing(nobody, nobody), slow)
    await remember(*a_dozen())
    at("2026-03-02 18:00")

    working = asyncio.create_task(duties.serve())
    child = await until(lambda: slow._child, what="a child")
    os.kill(child.pid, signal.SIGKILL)
    await working

    assert len(await messages(OrderAssigned)) >= 11  # the scan took over
    await nobody.close()


async def test_a_service_killed_in_planning_plans_after_its_restart(
    store, remember, engine, firm, at, messages, rows
):
    hung = Engine(
        timedelta(seconds=60), command=(sys.executable, "-c", "import sys; sys.stdin.read()")
    )
    nobody = Client("127.0.0.1:1")
    duties = Duties(store, Placing(nobody, nobody), hung, lease=timedelta(milliseconds=300))
    await remember(*a_dozen())
    at("2026-03-02 18:00")
    working = asyncio.create_task(duties.serve())
    await until(lambda: hung._child, what="a child")

    working.cancel()  # as a killed process: nothing is written
    with pytest.raises(asyncio.CancelledError):
        await working
    assert (await due_now(store))[0] == 1
    after = Duties(store, Placing(nobody, nobody), engine)
    await until(after.serve, what="the lease ends")

    assert len(await messages(OrderAssigned)) == 12
    assert [row["tries"] for row in await rows("select tries from due where kind = 'plan'")] == [0]
    await nobody.close()


async def test_what_changed_while_the_solver_worked_is_seen_when_the_plan_is_written(
    store, remember, firm, messages
):
    first, second, taken = (
        an_order(RING, planned_min=120),
        an_order(RING, planned_min=120),
        an_order(RING, planned_min=120),
    )
    await remember(first, second)
    gone, stays = firm.workers
    ten = county_day.second_of(DAY, TOMORROW)
    solved = Plan(
        (
            Stop(str(first.order_id), str(gone), ten),
            Stop(str(second.order_id), str(stays), ten),
            Stop(str(ids.new()), str(stays), ten),
        )
    )
    taken.state, taken.worker_id, taken.organisation_id, taken.planned_at = (
        State.ASSIGNED,
        stays,
        firm.organisation_id,
        TOMORROW,
    )
    await remember(taken)
    await tell(store, consumers.GROUP, a_worker(gone, firm.organisation_id, status=2))

    async with store.transaction() as session:
        offered = await planning.keep(session, COUNTY, DAY, solved)

    told = await messages(OrderAssigned)
    assert (
        offered == len(told) == 1
    )  # two hours are taken, two more are left in which a visit may begin
    assert {each.worker_id for each in told} == {str(stays)}
    async with store.reading() as session:
        problem = await county_day.problem(session, COUNTY, DAY, [], shared=False)
    assert breaches(problem, Plan(tuple(visit.pinned for visit in problem.visits))) == []


async def test_two_offers_at_once_do_not_promise_one_hour_twice(store, remember, firm, rows):
    from kit.runtime.timers import set_timer

    await tell(store, consumers.GROUP, a_worker(firm.workers[1], firm.organisation_id, status=2))
    window = {"wanted_from": TOMORROW, "wanted_to": TOMORROW + timedelta(minutes=30)}
    orders = [an_order(RING, **window) for _ in range(6)]
    await remember(*orders)
    async with store.transaction() as session:
        for order in orders:
            set_timer(session, session.now, "offer", str(order.order_id))

    await asyncio.gather(*(fire(store, consumers.GROUP) for _ in range(3)))

    assert [row["state"] for row in await rows("select state from visit_order order by state")] == [
        2
    ] * 5 + [3]
