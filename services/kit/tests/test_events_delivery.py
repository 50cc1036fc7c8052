"""Delivery under crashes, freezes and rebalances, on a real Kafka: the history of effects is
complete, in order per key, and once.
"""

import asyncio
import os
import random
import signal
import sys
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient, RecordsToDelete
from confluent_kafka import KafkaException
from confluent_kafka.admin import AdminClient
from confluent_kafka.cimpl import NewTopic
from sqlmodel import select

from devservers.kafka import Kafka
from devservers.postgres import Postgres
from kit.contracts import ids
from kit.contracts.clock import Clock
from kit.contracts.refusals import Unavailable
from kit.db import migrations
from kit.db.store import Store
from kit.messaging import parking
from kit.messaging.consumers import Consumers
from kit.messaging.failures import RecordsLost
from kit.messaging.status import status
from kit.messaging.subscriptions import Fact, on_batch, subscribe
from testkit import trial, until

COUNTS, HOUSES = trial.COUNTS, trial.HOUSES
SESSION_MS = 3_000  # of who stands still; much less would also end who is only slow


@asynccontextmanager
async def replica(
    store: Store, kafka: str, group: str, *member: str
) -> AsyncIterator[asyncio.subprocess.Process]:
    """One more process of the group, killed at the end if it still lives."""
    arguments = ["-m", "testkit.trial", store.dsn, kafka, group, str(SESSION_MS), *member]
    child = await asyncio.create_subprocess_exec(
        sys.executable, *arguments, stdout=asyncio.subprocess.DEVNULL
    )
    try:
        yield child
    finally:
        if child.returncode is None:
            child.send_signal(signal.SIGCONT)
            child.kill()
        await child.wait()


def history(counters: Sequence[UUID], count: int, *, begin: int = 0) -> list[trial.Record]:
    """Events in order, spread over the counters; the sequence of each is its place."""
    return [trial.counted(counters[n % len(counters)], n) for n in range(begin, begin + count)]


async def checked(store: Store, counters: Sequence[UUID], count: int) -> None:
    """No loss, effects once, order per key."""
    entries = await trial.entries(store)
    for place, counter in enumerate(counters):
        applied = [entry.sequence for entry in entries if entry.counter_id == counter]
        assert applied == list(range(place, count, len(counters))), f"effects of {counter}"


async def balanced(store: Store, count: int, *, gaps: int = 0) -> None:
    """Every record is accounted for, and the counts equal the rows."""
    async with store.reading() as session:
        driver = await session.driver()
        rows = await driver.fetch("select * from position")
        held = await driver.fetchrow(
            "select (select count(*) from waiting), (select count(*) from parked), (select "
            "count(*) from entry)"
        )
    kinds = ("applied", "repeated", "foreign_", "waiting", "parked", "held", "gaps")
    assert sum(row["next"] - row["begin"] for row in rows) == count
    assert all(
        row["gaps"] == gaps for row in rows if row["partition"] == 0 and row["topic"] == COUNTS
    )
    assert all(row["next"] - row["begin"] == sum(row[kind] for kind in kinds) for row in rows)
    assert sum(row["waiting"] for row in rows) == held[0]
    assert sum(row["parked"] + row["held"] for row in rows) == held[1]
    assert sum(row["applied"] for row in rows if row["topic"] == COUNTS) == held[2]


async def applied(store: Store, count: int, timeout: float = 60) -> None:
    async def enough() -> bool:
        async with store.reading() as session:
            return bool(
                await (await session.driver()).fetchval(
                    "select coalesce(sum(applied), 0) from position"
                )
                >= count
            )

    await until(enough, timeout, what=f"{count} applied")


async def hint(kafka: str, group: str, offsets: Sequence[int]) -> None:
    """Makes Kafka believe that the group is at these offsets in its partitions."""
    consumer = AIOKafkaConsumer(bootstrap_servers=kafka, group_id=group, enable_auto_commit=False)
    await consumer.start()
    believed = {
        TopicPartition(COUNTS, partition): offset for partition, offset in enumerate(offsets)
    }
    consumer.assign(list(believed))
    await consumer.commit(believed)
    await consumer.stop()


async def ends(kafka: str) -> tuple[int, int]:
    """Where the two partitions end."""
    consumer = AIOKafkaConsumer(bootstrap_servers=kafka)
    await consumer.start()
    found = await consumer.end_offsets(
        [TopicPartition(COUNTS, partition) for partition in range(2)]
    )
    await consumer.stop()
    return found[TopicPartition(COUNTS, 0)], found[TopicPartition(COUNTS, 1)]


@pytest.mark.parametrize("offsets", [(0, 0), (30, 30), (150, 150), (0, 150), (150, 0), None])
async def test_what_kafka_believes_of_the_group_changes_nothing(
    world: str,
    store: Store,
    kafka: Kafka,
    offsets: tuple[int, int] | None,
) -> None:
    counters = [ids.new() for _ in range(20)]
    await trial.send(kafka.address, history(counters, 100))
    async with trial.reading(store, kafka.address, world):
        await applied(store, 100)
    await trial.send(kafka.address, history(counters, 400, begin=100))
    # behind, about there, far ahead of the position, or at the very end of the log, as after a
    # restore of the database alone
    await hint(kafka.address, world, offsets or await ends(kafka.address))

    async with trial.reading(store, kafka.address, world, batch=1000):
        await applied(store, 500)

    await checked(store, counters, 500)
    await balanced(store, 500)


async def test_an_owner_frozen_in_its_transaction_neither_blocks_its_successor_nor_doubles(
    world: str,
    store: Store,
    kafka: Kafka,
    tmp_path: Path,
) -> None:
    counters, marker = [ids.new() for _ in range(4)], tmp_path / "hangs"
    records = history(counters, 40)
    records[10] = trial.counted(counters[2], 10, mood=f"hang:{marker}")
    async with replica(store, kafka.address, world) as frozen:
        await trial.send(kafka.address, records)
        await until(marker.exists, 30)
        frozen.send_signal(signal.SIGSTOP)

        async with trial.reading(store, kafka.address, world, session_ms=SESSION_MS):
            await applied(store, 40)
            frozen.send_signal(signal.SIGCONT)
            await trial.send(kafka.address, history(counters, 40, begin=40))
            await applied(store, 80)

    await checked(store, counters, 80)
    await balanced(store, 80)


@pytest.mark.timeout(240)
async def test_a_replica_that_slept_past_its_session_doubles_nothing_when_it_wakes(
    world: str, store: Store, kafka: Kafka
) -> None:
    counters = [ids.new() for _ in range(20)]
    async with replica(store, kafka.address, world) as sleeper:
        await trial.send(kafka.address, history(counters, 3000))
        await applied(store, 20)
        sleeper.send_signal(signal.SIGSTOP)
        assert len(await trial.entries(store)) < 3000
        async with trial.reading(store, kafka.address, world, session_ms=SESSION_MS):
            # where it slept in its transaction, PostgreSQL ends that first
            await applied(store, 3000, timeout=150)
            sleeper.send_signal(signal.SIGCONT)
            await trial.send(kafka.address, history(counters, 400, begin=3000))

            await applied(store, 3400)

    await checked(store, counters, 3400)
    await balanced(store, 3400)


async def test_a_reader_killed_again_and_again_loses_and_doubles_nothing(
    world: str, store: Store, kafka: Kafka
) -> None:
    seed = int.from_bytes(os.urandom(4))
    print(f"seed {seed}")  # noqa: T201 -- shown when it fails
    chance, counters, house = random.Random(seed), [ids.new() for _ in range(30)], ids.new()
    strange = [trial.counted(ids.new(), mood="refuse") for _ in range(30)] + [
        trial.counted(ids.new(), house=house) for _ in range(50)
    ]
    records = history(counters, 3000)
    for one in strange:
        records.insert(chance.randrange(len(records)), one)
    await trial.send(kafka.address, records)

    for share in (0.2, 0.4, 0.6):
        async with replica(
            store, kafka.address, world, "lasting"
        ) as victim:  # whose place the next one takes at once
            await applied(store, int(3000 * share) + chance.randrange(200))
            victim.kill()
    async with trial.reading(store, kafka.address, world, member="lasting"):
        await applied(store, 3000)
        await balanced(store, 3080)
        await trial.send(kafka.address, [trial.house(house)])
        await applied(store, 3051)

    await checked(store, counters, 3000)
    await balanced(store, 3081)
    assert len(await trial.entries(store)) == 3050


async def test_replicas_that_come_and_go_keep_order_and_double_nothing(
    world: str, store: Store, kafka: Kafka
) -> None:
    counters = [ids.new() for _ in range(20)]

    async def produce() -> None:
        for begin in range(0, 2000, 100):
            await trial.send(kafka.address, history(counters, 100, begin=begin))

    async with trial.reading(store, kafka.address, world, batch=10, session_ms=SESSION_MS):
        sending = asyncio.create_task(produce())
        for _ in range(2):
            async with trial.reading(
                store, kafka.address, world, batch=10, session_ms=SESSION_MS
            ) as guest:
                await until(lambda guest=guest: guest.ready, 20)  # type: ignore[misc]
        await sending
        await applied(store, 2000)

    await checked(store, counters, 2000)
    await balanced(store, 2000)


@asynccontextmanager
async def earlier_release(
    kafka: str, group: str, member: str, *topics: str
) -> AsyncIterator[AIOKafkaConsumer]:
    """A lasting member that reads these topics; at its end it keeps its place, as one does that is
    replaced.
    """
    consumer = AIOKafkaConsumer(
        *topics,
        bootstrap_servers=kafka,
        group_id=group,
        group_instance_id=member,
        enable_auto_commit=False,
        session_timeout_ms=45_000,
    )
    await consumer.start()
    try:
        yield consumer
    finally:
        await consumer.stop()


@pytest.mark.parametrize("before", [(COUNTS,), (COUNTS, HOUSES, "another")])
async def test_a_release_reads_other_topics_than_the_one_it_replaces(
    world: str, store: Store, kafka: Kafka, before: tuple[str, ...]
) -> None:
    admin = AdminClient({"bootstrap.servers": kafka.address})
    for made in admin.create_topics([NewTopic("another", 2)]).values():
        with suppress(KafkaException):  # of the other parameter
            made.result(30)
    houses = {ids.new() for _ in range(8)}

    async def kept() -> bool:
        async with store.reading() as session:
            return set(await session.exec(select(trial.HouseRow.house_id))) == houses

    async with AsyncExitStack() as old, AsyncExitStack() as new:
        stays = await old.enter_async_context(
            earlier_release(kafka.address, world, "second", *before)
        )
        async with earlier_release(kafka.address, world, "first", *before) as leaves:
            await until(lambda: stays.assignment() and leaves.assignment(), 30)
        await trial.send(kafka.address, [trial.house(house) for house in houses])
        await new.enter_async_context(trial.reading(store, kafka.address, world, member="first"))
        await old.aclose()
        await new.enter_async_context(trial.reading(store, kafka.address, world, member="second"))

        await until(kept, 60, what="the houses are read")


async def test_a_group_that_has_not_begun_to_read_knows_no_lag(world: str) -> None:
    found = await status(Consumers(world))

    assert found["lag"] is None
    assert found["positions"] == []


async def test_records_deleted_before_they_were_read_stop_the_group_with_an_alarm(
    world: str, store: Store, kafka: Kafka
) -> None:
    counters = [ids.new() for _ in range(4)]
    await trial.send(kafka.address, history(counters, 20), partition=0)
    async with trial.reading(store, kafka.address, world):
        await applied(store, 20)
    await trial.send(kafka.address, history(counters, 20, begin=20), partition=0)
    admin = AIOKafkaAdminClient(bootstrap_servers=kafka.address)
    await admin.start()
    await admin.delete_records({TopicPartition(COUNTS, 0): RecordsToDelete(before_offset=30)})
    await admin.close()

    async with trial.reading(store, kafka.address, world) as consumers:
        with pytest.raises(RecordsLost, match="begins at 30, and 20 is not read yet"):
            await asyncio.wait_for(consumers.wait(), 20)

    assert len(await trial.entries(store)) == 20
    assert await parking.accept_loss(store, world, COUNTS, 0, 30) == 10
    async with trial.reading(store, kafka.address, world):
        await applied(store, 30)
    await balanced(store, 40, gaps=10)


def _made(kafka: Kafka) -> bool:
    """False while the broker is still deleting the topic of that name."""
    admin = AdminClient({"bootstrap.servers": kafka.address, "log_level": 0})
    try:
        admin.create_topics([NewTopic(COUNTS, 2, 1)])[COUNTS].result(10)
    except KafkaException:
        return False
    return True


async def test_a_topic_made_anew_stops_the_group_with_an_alarm(
    world: str, store: Store, kafka: Kafka
) -> None:
    counters = [ids.new() for _ in range(4)]
    await trial.send(kafka.address, history(counters, 20), partition=0)
    async with trial.reading(store, kafka.address, world):
        await applied(store, 20)
    admin = AIOKafkaAdminClient(bootstrap_servers=kafka.address)
    await admin.start()
    await admin.delete_topics([COUNTS])
    await admin.close()
    await until(lambda: _made(kafka), 20)
    await trial.send(kafka.address, history(counters, 5, begin=20), partition=0)

    async with trial.reading(store, kafka.address, world) as consumers:
        with pytest.raises(RecordsLost, match="ends at 5, and 20 records were read"):
            await asyncio.wait_for(consumers.wait(), 30)


async def test_without_kafka_and_without_database_it_pauses_and_goes_on(
    kafka: Kafka,
    topics: Callable[..., None],
    tmp_path_factory: pytest.TempPathFactory,
    group: str,
    clock: Clock,
) -> None:
    topics(COUNTS, HOUSES, partitions=2)
    cluster = Postgres(
        tmp_path_factory.mktemp("own-postgres") / "data"
    )  # durable: what it has reported must outlive its death
    cluster.start()
    await asyncio.to_thread(migrations.upgrade, cluster.dsn(), "kit")
    store, counters = (
        Store(cluster.dsn(), service="kit", clock=clock),
        [ids.new() for _ in range(10)],
    )
    await trial.tables(store)
    trial.listen(group)
    try:
        async with trial.reading(store, kafka.address, group) as consumers:
            await trial.send(kafka.address, history(counters, 100))
            await applied(store, 100)
            cluster.kill()
            await trial.send(kafka.address, history(counters, 100, begin=100))
            await until(lambda: bool(consumers.consumer.paused()), 20)
            cluster.start()
            await until(lambda: _reaches(store), 20)
            await applied(store, 200)
            kafka.stop()
            assert (await status(consumers))["positions"]
            kafka.start()
            await trial.send(kafka.address, history(counters, 100, begin=200))
            await applied(store, 300)

            assert consumers.live
        await checked(store, counters, 300)
        await balanced(store, 300)
    finally:
        await store.close()
        cluster.stop()


async def _reaches(store: Store) -> bool:
    try:
        async with store.reading() as session:
            return bool(await (await session.driver()).fetchval("select true"))
    except Unavailable:
        return False


async def test_the_archive_is_the_inbox_and_keeps_what_no_function_wants(
    world: str, store: Store, kafka: Kafka
) -> None:
    group, seen = f"{world}-archive", []

    @on_batch(trial.Counted, group=group)
    async def project(events: list[tuple[Any, Fact]], session: Any) -> None:
        seen.append([fact.sequence for _, fact in events])
        if any(event.mood in trial.faults for event, _ in events):
            raise ValueError("broken to order")
        rows = [
            (UUID(event.counter_id), UUID(fact.id), fact.sequence, event.amount)
            for event, fact in events
        ]
        driver = await session.driver()
        await driver.executemany(
            "insert into entry (counter_id, event_id, sequence, amount) values ($1, $2, $3, $4)",
            rows,
        )

    subscribe(trial.HouseKept, group=group)

    async def archive(session: Any, facts: Sequence[Fact]) -> set[str]:
        driver = await session.driver()
        rows = await driver.fetch(
            "insert into archive select * from unnest($1::uuid[], $2::text[], $3::bytea[]) "
            "on conflict do nothing returning id::text",
            [fact.id for fact in facts],
            [fact.type for fact in facts],
            [fact.payload for fact in facts],
        )
        return {row[0] for row in rows}

    async with store.transaction() as session:
        await (await session.driver()).execute(
            "create table archive (id uuid primary key, type text, payload bytea)"
        )
    counter, twice = ids.new(), ids.new()
    records = [trial.counted(counter, n) for n in range(50)] + [
        trial.counted(counter, 50, id=twice)
    ] * 2
    records += [
        trial.house(ids.new()),
        trial.record(trial.Ignored(counter_id=str(counter))),
        trial.counted(ids.new(), 1, mood="break"),
    ]
    await trial.send(kafka.address, records)

    async with trial.reading(store, kafka.address, group, archive=archive, batch=500) as consumers:
        state = await until(lambda: _read_all(consumers, 55), 30)

    totals = {
        kind: sum(position[kind] for position in state["positions"])
        for kind in ("applied", "repeated", "foreign", "parked")
    }
    assert totals == {"applied": 53, "repeated": 1, "foreign": 0, "parked": 1}
    assert [entry.sequence for entry in await trial.entries(store, counter)] == list(range(51))
    assert max(map(len, seen)) > 20
    async with store.reading() as session:
        assert await (await session.driver()).fetchval("select count(*) from archive") == 54


async def _read_all(consumers: Any, count: int) -> dict[str, Any] | None:
    if not consumers.ready:
        return None
    state = await status(consumers)
    return (
        state
        if state["lag"] == 0
        and sum(position["next"] - position["begin"] for position in state["positions"]) == count
        else None
    )
