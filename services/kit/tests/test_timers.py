import asyncio
import uuid
from datetime import timedelta

import asyncpg
import pytest

from devservers.postgres import execute
from kit.contracts.phrases import Phrase
from kit.contracts.refusals import Conflict
from kit.db.store import Store
from kit.runtime import timers
from kit.runtime.timers import Timers, cancel_timer, set_timer


async def read(dsn: str, query: str) -> list[tuple[object, ...]]:
    connection = await asyncpg.connect(dsn)
    try:
        return [tuple(row) for row in await connection.fetch(query)]
    finally:
        await connection.close()


class Pushing:
    """Timers that push pebbles, in a database where every push is counted."""

    def __init__(self, pebbles) -> None:
        self.pebbles = pebbles

    async def fire(self, session, key: str) -> None:
        row = await session.get_locked(self.pebbles.Pebble, uuid.UUID(key))
        row.pushed += 1

    async def set(self, count: int) -> list[uuid.UUID]:
        keys = [uuid.uuid4() for _ in range(count)]
        async with self.pebbles.store.transaction() as session:
            session.add_all([self.pebbles.Pebble(pebble_id=key) for key in keys])
            for key in keys:
                set_timer(session, session.now + timedelta(minutes=1), "push", str(key))
        return keys


@pytest.fixture
def pushing(pebbles) -> Pushing:
    return Pushing(pebbles)


def on(clock) -> None:
    clock.set(clock.now() + timedelta(minutes=2))


async def test_a_timer_fires_once_when_the_business_clock_reaches_it(pushing, clock) -> None:
    await pushing.set(1)
    runner = Timers(pushing.pebbles.store, "kit", fires={"push": pushing.fire})

    early = await runner.fire()
    assert await timers.due_now(pushing.pebbles.store) == (0, 0)
    on(clock)
    assert await timers.due_now(pushing.pebbles.store) == (1, 0)
    fired = await runner.fire(), await runner.fire()

    assert (early, *fired) == (0, 1, 0)
    assert await read(pushing.pebbles.dsn, "select pushed from pebble") == [(1,)]
    assert await read(pushing.pebbles.dsn, "select 1 from due") == []


async def test_a_timer_set_again_fires_at_the_later_instant_only_and_one_taken_off_never(
    pushing, clock
) -> None:
    keys = await pushing.set(2)
    async with pushing.pebbles.store.transaction() as session:
        set_timer(session, session.now + timedelta(hours=1), "push", str(keys[0]))
        cancel_timer(session, "push", str(keys[1]))
    runner = Timers(pushing.pebbles.store, "kit", fires={"push": pushing.fire})

    on(clock)
    assert await runner.fire() == 0
    clock.set(clock.now() + timedelta(hours=1))
    assert await runner.fire() == 1

    assert await read(pushing.pebbles.dsn, "select pushed from pebble order by pushed") == [
        (0,),
        (1,),
    ]


async def test_a_timer_may_set_itself_anew(pushing, clock) -> None:
    [key] = await pushing.set(1)

    async def again(session, of: str) -> None:
        await pushing.fire(session, of)
        set_timer(session, session.now + timedelta(minutes=1), "push", of)

    runner = Timers(pushing.pebbles.store, "kit", fires={"push": again})
    for _ in range(3):
        on(clock)
        assert await runner.fire() == 1

    assert await read(pushing.pebbles.dsn, "select pushed from pebble") == [(3,)]
    assert await read(pushing.pebbles.dsn, "select key from due") == [(str(key),)]


async def test_two_replicas_fire_each_timer_once_and_share_the_work(pushing, clock, until) -> None:
    await pushing.set(400)
    other = Store(pushing.pebbles.dsn, service="kit", clock=clock)
    replicas = [
        Timers(store, "kit", fires={"push": pushing.fire})
        for store in (pushing.pebbles.store, other)
    ]
    on(clock)

    running = [asyncio.create_task(replica.run()) for replica in replicas]
    await until(lambda: sum(replica.fired for replica in replicas) >= 400)
    for replica in replicas:
        replica.stop()
    await asyncio.gather(*running)
    await other.close()

    assert await read(pushing.pebbles.dsn, "select distinct pushed from pebble") == [(1,)]
    assert sum(replica.fired for replica in replicas) == 400
    assert min(replica.fired for replica in replicas) > 0


async def test_a_timer_that_another_process_sets_is_found_by_who_is_at_rest(
    pushing, clock, until
) -> None:
    other = Store(pushing.pebbles.dsn, service="kit", clock=clock)
    runner = Timers(other, "kit", fires={"push": pushing.fire})
    assert await runner.fire() == 0  # it knows by now that nothing is due
    running = asyncio.create_task(runner.run())

    await pushing.set(1)
    on(clock)
    await until(lambda: runner.fired == 1, 5)
    runner.stop()
    await running
    await other.close()

    assert await read(pushing.pebbles.dsn, "select pushed from pebble") == [(1,)]


async def test_a_timer_interrupted_in_its_flow_fires_after_the_restart(pushing, clock) -> None:
    await pushing.set(3)
    entered = asyncio.Event()

    async def stuck(session, key: str) -> None:
        await pushing.fire(session, key)
        await session.flush()
        entered.set()
        await asyncio.sleep(60)

    on(clock)
    dying = asyncio.create_task(Timers(pushing.pebbles.store, "kit", fires={"push": stuck}).run())
    await entered.wait()
    dying.cancel()
    await asyncio.gather(dying, return_exceptions=True)
    assert await read(pushing.pebbles.dsn, "select distinct pushed from pebble") == [(0,)]

    fresh = Store(pushing.pebbles.dsn, service="kit", clock=clock)
    assert await Timers(fresh, "kit", fires={"push": pushing.fire}).fire() == 3
    await fresh.close()

    assert await read(pushing.pebbles.dsn, "select distinct pushed from pebble") == [(1,)]


async def test_a_failing_timer_rests_and_is_seen_while_the_others_pass(pushing, clock) -> None:
    keys = await pushing.set(5)

    async def fire(session, key: str) -> None:
        await pushing.fire(session, key)
        if key == str(keys[2]):
            await session.flush()
            raise Conflict(Phrase("not now", "现在不行"))

    runner = Timers(pushing.pebbles.store, "kit", fires={"push": fire})
    on(clock)
    await runner.fire()

    assert await read(pushing.pebbles.dsn, "select key, tries, reason from due") == [
        (str(keys[2]), 1, "Conflict")
    ]
    assert await read(pushing.pebbles.dsn, "select sum(pushed) from pebble") == [(4,)]
    assert await timers.due_now(pushing.pebbles.store) == (1, 1)
    assert await runner.fire() == 0


async def test_a_failed_timer_is_tried_again_after_its_rest_in_real_time(
    pushing, clock, until
) -> None:
    await pushing.set(1)
    tries = []

    async def fire(session, key: str) -> None:
        tries.append(key)
        if len(tries) < 3:  # together, then alone
            raise ValueError("not yet")
        await pushing.fire(session, key)

    runner = Timers(pushing.pebbles.store, "kit", fires={"push": fire})
    on(clock)
    running = asyncio.create_task(runner.run())
    await until(lambda: runner.fired == 1)
    runner.stop()
    await running

    assert await read(pushing.pebbles.dsn, "select pushed from pebble") == [(1,)]


async def test_a_database_that_refuses_the_claim_makes_timers_rest_and_not_end(
    pushing, clock, until
) -> None:
    await pushing.set(1)
    runner = Timers(pushing.pebbles.store, "kit", fires={"push": pushing.fire})
    on(clock)
    await execute(pushing.pebbles.dsn, "alter table due rename column tries to gone")
    with pytest.raises(asyncpg.UndefinedColumnError):
        await runner.fire()

    before = runner.progress
    running = asyncio.create_task(runner.run())
    await until(lambda: runner.progress > before, 5, what="it has looked and rests")
    await execute(pushing.pebbles.dsn, "alter table due rename column gone to tries")
    await until(lambda: runner.fired == 1)
    runner.stop()
    await running


def test_a_service_has_one_timer_of_a_kind() -> None:
    @timers.timer("trial-twice", group="trial")
    async def one(session, key: str) -> None: ...

    async def other(session, key: str) -> None: ...

    with pytest.raises(ValueError, match="two timers of kind trial-twice"):
        timers.timer("trial-twice", group="trial")(other)


async def test_a_naive_instant_is_refused(pebbles, clock) -> None:
    async with pebbles.store.rehearsal() as session:
        with pytest.raises(ValueError, match="no time zone"):
            set_timer(session, clock.now().replace(tzinfo=None), "push", "k")
