"""Background jobs on a real PostgreSQL: each is done once, and none is lost."""

import asyncio
from datetime import timedelta

import pytest

from kit.runtime import timers
from kit.runtime.jobs import BackgroundJobs, Job
from kit.runtime.timers import set_timer
from testkit import until

LEASE = timedelta(seconds=90)


@pytest.fixture
def store(pebbles):
    return pebbles.store


async def given(store, *keys: str) -> None:
    async with store.transaction() as session:
        for key in keys:
            set_timer(session, session.now, "plan", key)


async def test_a_job_is_done_once_and_then_forgotten(store) -> None:
    done = []

    async def plan(key: str) -> None:
        done.append((key, await timers.due_now(store)))

    await given(store, "a")
    jobs = BackgroundJobs(store, {"plan": Job(plan)})

    assert (await jobs.work(), await jobs.work()) == (1, 0)
    assert done == [("a", (1, 0))]  # it counts until its effect is written
    assert await timers.due_now(store) == (0, 0)


async def test_two_replicas_do_not_work_on_one_job(store) -> None:
    done, going = [], asyncio.Event()

    async def plan(key: str) -> None:
        done.append(key)
        await going.wait()

    await given(store, "a", "b")
    first = BackgroundJobs(store, {"plan": Job(plan)})
    second = BackgroundJobs(store, {"plan": Job(plan)})
    works = [asyncio.create_task(jobs.work()) for jobs in (first, second)]
    await until(lambda: len(done) == 2, 10, what="both work")
    going.set()

    assert await asyncio.gather(*works) == [1, 1]
    assert sorted(done) == ["a", "b"]


async def test_a_job_that_fails_rests_and_stays_visible(store) -> None:
    async def plan(_: str) -> None:
        raise RuntimeError

    await given(store, "a")
    jobs = BackgroundJobs(store, {"plan": Job(plan)})

    assert (await jobs.work(), await jobs.work()) == (1, 0)
    assert await timers.due_now(store) == (1, 1)


async def test_a_job_that_sets_itself_anew_meanwhile_stays(store) -> None:
    async def plan(key: str) -> None:
        async with store.transaction() as session:
            set_timer(session, session.now + timedelta(hours=1), "plan", key)

    await given(store, "a")
    await BackgroundJobs(store, {"plan": Job(plan)}).work()

    async with store.reading() as session:
        assert await (await session.driver()).fetchval("select count(*) from due") == 1


async def test_a_job_that_takes_longer_than_its_lease_is_no_progress(store) -> None:
    going = asyncio.Event()

    async def plan(_: str) -> None:
        await going.wait()

    await given(store, "a")
    jobs = BackgroundJobs(store, {"plan": Job(plan)}, lease=timedelta(seconds=0.3))
    working = asyncio.create_task(jobs.run())
    await asyncio.sleep(0.1)
    before = jobs.progress
    await asyncio.sleep(0.4)
    late = jobs.progress
    going.set()
    jobs.stop()
    await working

    assert late <= before
