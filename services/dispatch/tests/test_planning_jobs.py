"""The day before at 18:00, and what happens when something breaks right then."""

import asyncio
import os
import signal
import sys
from datetime import timedelta

import pytest
import pytest_asyncio
from eldercare.dispatch.v1.events_pb2 import OrderAssigned

from dispatch.orders.rules import State
from dispatch.planning.engine import Engine
from dispatch.planning.flows import county_day, day_plan
from dispatch.planning.jobs import background_jobs
from dispatch.planning.rules.checker import breaches
from dispatch.planning.rules.problem import Plan, Stop
from dispatch.settings import GROUP
from dispatch.testing import (
    COUNTY,
    ELSEWHERE,
    TOMORROW,
    a_key_ring,
    a_worker,
    an_order,
    an_organisation,
)
from kit.contracts import ids
from kit.runtime.jobs import BackgroundJobs
from kit.runtime.timers import due_now, set_timer
from testkit.delivery import deliver, fire
from testkit.polling import until

RING = a_key_ring()
DAY = TOMORROW.date()


@pytest_asyncio.fixture
async def engine():
    opened = Engine(timedelta(seconds=2))
    yield opened
    await opened.close()


@pytest.fixture
def jobs(store, engine):
    return BackgroundJobs(store, background_jobs(store, engine))


def a_dozen(**given):
    windows = [TOMORROW + timedelta(minutes=30 * n) for n in range(12)]
    return [
        an_order(RING, wanted_from=at, wanted_to=at + timedelta(hours=1), planned_min=30, **given)
        for at in windows
    ]


async def test_at_six_in_the_evening_every_order_of_the_next_day_is_offered(
    store, jobs, insert, firm, at, messages, rows
):
    await insert(
        *a_dozen(),
        an_order(RING, area_code=ELSEWHERE),
        an_order(
            RING,
            wanted_from=TOMORROW + timedelta(days=1),
            wanted_to=TOMORROW + timedelta(days=1, hours=1),
        ),
    )
    assert await jobs.work() == 0

    at("2026-03-02 18:00")
    assert (await due_now(store))[0] == 1  # the one-box clock waits for it
    assert await jobs.work() == 1

    assigned = await messages(OrderAssigned)
    assert len(assigned) == 12
    assert {event.worker_id for event in assigned} <= {str(worker) for worker in firm.workers}
    async with store.reading() as session:
        problem = await county_day.problem(session, COUNTY, DAY, [], shared=False)
    stops = tuple(visit.pinned for visit in problem.visits)
    assert breaches(problem, Plan(stops)) == []
    assert (await due_now(store))[0] == 0
    assert [row["kind"] for row in await rows("select kind from due where kind = 'plan'")] == [
        "plan"
    ]


async def test_a_county_is_planned_every_day_and_once(store, jobs, insert, firm, at, messages):
    at("2026-03-02 18:00")
    await jobs.work()
    assert await jobs.work() == 0
    late = an_order(
        RING,
        wanted_from=TOMORROW + timedelta(days=1),
        wanted_to=TOMORROW + timedelta(days=1, hours=1),
    )
    await insert(late)

    at("2026-03-03 18:00")
    assert await jobs.work() == 1

    assert [event.order_id for event in await messages(OrderAssigned)] == [str(late.order_id)]


async def test_a_planning_that_comes_after_midnight_plans_the_day_that_has_begun(
    jobs, insert, firm, at, messages
):
    await insert(an_order(RING))

    at("2026-03-03 00:30")
    await jobs.work()

    assert len(await messages(OrderAssigned)) == 1


async def test_a_night_shift_is_planned_across_midnight(store, jobs, insert, at, rows):
    organisation_id = ids.new()
    night = a_worker(ids.new(), organisation_id, shift_from_min=1320, shift_to_min=360)
    await deliver(store, GROUP, an_organisation(organisation_id), night)
    midnight = TOMORROW - timedelta(hours=9)

    def wanted(hours: float, planned_min: int = 60):
        begin = midnight + timedelta(hours=hours)
        until_at = begin + timedelta(hours=1)
        return an_order(RING, wanted_from=begin, wanted_to=until_at, planned_min=planned_min)

    before, noon, late, after = wanted(1), wanted(12), wanted(23, 150), wanted(25)
    await insert(before, noon, late, after)

    at("2026-03-02 18:00")
    await jobs.work()
    at("2026-03-03 18:00")
    await jobs.work()

    found = await rows("select order_id, planned_at from visit_order where state = $1", 3)
    planned_at = {row["order_id"]: row["planned_at"] for row in found}
    assert set(planned_at) == {before.order_id, late.order_id, after.order_id}
    # the promise of the evening is seen by the next day's plan, which begins behind it
    assert planned_at[after.order_id] >= planned_at[late.order_id] + timedelta(minutes=150)


async def test_what_nobody_can_do_is_left_for_the_hourly_tries(store, jobs, insert, firm, at, rows):
    await insert(an_order(RING, planned_min=900), an_order(RING))

    at("2026-03-02 18:00")
    await jobs.work()

    states = await rows("select planned_min, state from visit_order order by planned_min")
    assert [(row["planned_min"], State(row["state"])) for row in states] == [
        (60, State.ASSIGNED),
        (900, State.PLACED),
    ]


async def test_the_solver_killed_in_planning_does_not_stop_the_day(
    store, insert, firm, at, messages
):
    slow = Engine(
        timedelta(seconds=20), command=(sys.executable, "-c", "import sys; sys.stdin.read()")
    )
    jobs = BackgroundJobs(store, background_jobs(store, slow))
    await insert(*a_dozen())
    at("2026-03-02 18:00")

    working = asyncio.create_task(jobs.work())
    child = await until(lambda: slow._child, what="a child")
    os.kill(child.pid, signal.SIGKILL)
    await working

    assert len(await messages(OrderAssigned)) >= 11  # the scan took over


async def test_a_service_killed_in_planning_plans_after_its_restart(
    store, insert, engine, firm, at, messages, rows
):
    hung = Engine(
        timedelta(seconds=60), command=(sys.executable, "-c", "import sys; sys.stdin.read()")
    )
    lease = timedelta(milliseconds=300)
    jobs = BackgroundJobs(store, background_jobs(store, hung), lease=lease)
    await insert(*a_dozen())
    at("2026-03-02 18:00")
    working = asyncio.create_task(jobs.work())
    await until(lambda: hung._child, what="a child")

    working.cancel()  # as a killed process: nothing is written
    with pytest.raises(asyncio.CancelledError):
        await working
    assert (await due_now(store))[0] == 1
    after = BackgroundJobs(store, background_jobs(store, engine))
    await until(after.work, what="the lease ends")

    assert len(await messages(OrderAssigned)) == 12
    assert [row["tries"] for row in await rows("select tries from due where kind = 'plan'")] == [0]


async def test_what_changed_while_the_solver_worked_is_seen_when_the_plan_is_written(
    store, insert, firm, messages
):
    first, second, taken = [an_order(RING, planned_min=120) for _ in range(3)]
    await insert(first, second)
    gone, stays = firm.workers
    ten = county_day.second_of(DAY, TOMORROW)
    solved = Plan(
        (
            Stop(str(first.order_id), str(gone), ten),
            Stop(str(second.order_id), str(stays), ten),
            Stop(str(ids.new()), str(stays), ten),
        )
    )
    taken.state = State.ASSIGNED
    taken.worker_id = stays
    taken.organisation_id = firm.organisation_id
    taken.planned_at = TOMORROW
    await insert(taken)
    await deliver(store, GROUP, a_worker(gone, firm.organisation_id, status=2))

    async with store.transaction() as session:
        offered = await day_plan.keep(session, COUNTY, DAY, solved)

    assigned = await messages(OrderAssigned)
    # two hours are taken, two more are left in which a visit may begin
    assert offered == len(assigned) == 1
    assert {event.worker_id for event in assigned} == {str(stays)}
    async with store.reading() as session:
        problem = await county_day.problem(session, COUNTY, DAY, [], shared=False)
    assert breaches(problem, Plan(tuple(visit.pinned for visit in problem.visits))) == []


async def test_two_offers_at_once_do_not_promise_one_hour_twice(store, insert, firm, rows):
    await deliver(store, GROUP, a_worker(firm.workers[1], firm.organisation_id, status=2))
    window = {"wanted_from": TOMORROW, "wanted_to": TOMORROW + timedelta(minutes=30)}
    orders = [an_order(RING, **window) for _ in range(6)]
    await insert(*orders)
    async with store.transaction() as session:
        for order in orders:
            set_timer(session, session.now, "offer", str(order.order_id))

    await asyncio.gather(*(fire(store, GROUP) for _ in range(3)))

    states = [row["state"] for row in await rows("select state from visit_order order by state")]
    assert states == [State.PLACED] * 5 + [State.ASSIGNED]
