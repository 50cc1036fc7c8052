"""The fence under hand-made interleavings, on a real Kafka: no order of polls, seeks and turns
makes records look like a gap.
"""

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.errors import ConsumerStoppedError
from confluent_kafka.admin import AdminClient

from devservers.kafka import Kafka
from kit.contracts import ids
from kit.db.store import Session, Store
from kit.messaging import upkeep
from kit.messaging.consumers import Consumers
from kit.messaging.failures import RecordsLost
from kit.messaging.polled_batch import PolledBatch
from kit.messaging.records import Kept
from kit.messaging.subscriptions import Fact, on_batch
from kit.observability import names
from kit.runtime.loops import Loops, Reading
from kit.runtime.process import Process
from testkit import trial, until

FIRST, SECOND = TopicPartition(trial.COUNTS, 0), TopicPartition(trial.COUNTS, 1)
LONG_AGO = float("-inf")


@asynccontextmanager
async def unwatched(store: Store, kafka: str, group: str, **given: Any) -> AsyncIterator[Consumers]:
    """Consumers whose upkeep the test does itself. given: attributes to begin with."""
    consumers = Consumers(group)
    for name, value in given.items():
        setattr(consumers.progress if hasattr(consumers.progress, name) else consumers, name, value)
    await consumers.start(store, kafka)
    consumers._tasks.pop().cancel()
    try:
        yield consumers
    finally:
        await consumers.stop()


async def say(kafka: str, count: int, tp: TopicPartition) -> None:
    await trial.send(
        kafka, [trial.counted(ids.new(), n) for n in range(count)], partition=tp.partition
    )


async def believe(kafka: str, group: str, offsets: dict[TopicPartition, int]) -> None:
    """Makes Kafka believe that the group has read so far."""
    consumer = AIOKafkaConsumer(bootstrap_servers=kafka, group_id=group, enable_auto_commit=False)
    await consumer.start()
    consumer.assign(list(offsets))
    await consumer.commit(offsets)
    await consumer.stop()


async def applied(store: Store, count: int, timeout: float = 30) -> None:
    async def enough() -> bool:
        return sum(row["applied"] for row in await positions(store)) >= count

    await until(enough, timeout, what=f"{count} applied")
    assert [row["gaps"] for row in await positions(store) if row["gaps"]] == []
    assert len(await trial.entries(store)) == count


async def positions(store: Store) -> Sequence[Any]:
    async with store.reading() as session:
        rows: Sequence[Any] = await (await session.driver()).fetch(
            "select * from position order by topic, partition"
        )
    return rows


async def reset(store: Store, tp: TopicPartition, next: int) -> None:
    """As after a restore of the database alone."""
    async with store.transaction() as session:
        driver = await session.driver()
        moved = "update position set next = $2, applied = $2 where topic = $1 and partition = $3"
        await driver.execute(moved, tp.topic, next, tp.partition)


async def at(consumers: Consumers, tp: TopicPartition, offset: int) -> None:
    """Waits until the client stands there."""

    async def stands() -> bool:
        return (
            consumers.joined
            and tp in consumers.consumer.assignment()
            and await consumers.consumer.position(tp) == offset
        )

    await until(stands, 30, what=f"{tp} is at {offset}")


def queue(consumers: Consumers) -> int:
    """How many wait for the turn under way to end."""
    return len(consumers.progress.batch_lock._waiters or ())  # type: ignore[attr-defined]


async def test_a_batch_that_is_polled_while_the_group_is_brought_back_hides_nothing(
    world: str, store: Store, kafka: Kafka
) -> None:
    await say(kafka.address, 50, FIRST)
    async with unwatched(store, kafka.address, world):
        await applied(store, 50)
    await say(kafka.address, 50, FIRST)
    await say(kafka.address, 10, SECOND)
    await believe(kafka.address, world, {FIRST: 100, SECOND: 0})

    async with unwatched(store, kafka.address, world) as consumers:
        await applied(store, 60)
        await at(consumers, FIRST, 100)
        async with consumers.progress.batch_lock:  # one on another partition takes long
            consumers.progress.unmoved = {FIRST: (50, LONG_AGO)}
            back = asyncio.create_task(upkeep.watch(consumers))
            await until(lambda: queue(consumers) == 1, 10, what="it waits for the turn to end")
            await say(kafka.address, 1, FIRST)
            await until(
                lambda: queue(consumers) == 2, 10, what="what was published meanwhile is polled"
            )
        await back
        await applied(store, 111)


async def test_what_else_was_polled_when_the_group_is_brought_back_is_read_again(
    world: str, store: Store, kafka: Kafka
) -> None:
    await say(kafka.address, 50, FIRST)
    await say(kafka.address, 10, SECOND)
    async with unwatched(store, kafka.address, world):
        await applied(store, 60)
    await say(kafka.address, 50, FIRST)
    await believe(kafka.address, world, {FIRST: 100, SECOND: 0})

    async with unwatched(store, kafka.address, world) as consumers:
        await until(
            lambda: consumers.progress.next_expected.get(SECOND) == 10,
            30,
            what="the second partition is known",
        )
        await at(consumers, FIRST, 100)
        async with consumers.progress.batch_lock:
            consumers.progress.unmoved = {FIRST: (50, LONG_AGO)}
            back = asyncio.create_task(upkeep.watch(consumers))
            await until(lambda: queue(consumers) == 1, 10, what="it waits for the turn to end")
            await say(kafka.address, 5, SECOND)
            await until(
                lambda: queue(consumers) == 2, 10, what="what was published meanwhile is polled"
            )
        await back
        await applied(store, 115)  # without another word on the second partition


async def test_a_log_that_ends_too_early_is_an_alarm_from_within_a_turn_too(
    world: str, store: Store, kafka: Kafka
) -> None:
    await say(kafka.address, 5, FIRST)
    await say(kafka.address, 5, SECOND)
    async with unwatched(store, kafka.address, world):
        await applied(store, 10)
    await reset(store, FIRST, 20)
    await reset(store, SECOND, 0)
    await believe(kafka.address, world, {FIRST: 0, SECOND: 5})

    async with unwatched(store, kafka.address, world, unmoved={SECOND: (0, LONG_AGO)}) as consumers:
        with pytest.raises(RecordsLost, match="ends at 5, and 20 records were read"):
            await asyncio.wait_for(consumers.wait(), 20)


async def test_a_poll_that_fails_after_it_has_drained_a_partition_leaves_no_gap(
    world: str, store: Store, kafka: Kafka
) -> None:
    lost: list[Any] = []
    asked = asyncio.Event()
    async with unwatched(store, kafka.address, world) as consumers:
        await say(kafka.address, 10, FIRST)
        await applied(store, 10)
        poll = consumers.consumer.getmany

        async def failing(**options: Any) -> Any:
            asked.set()
            found = await poll(**options)
            if found and not lost:
                lost.append(found)
                # as a broken record of the partition behind it would end the poll
                raise ConsumerStoppedError
            return found

        consumers.consumer.getmany = failing
        await asyncio.wait_for(asked.wait(), 10)  # the poll before it is over
        await say(kafka.address, 10, FIRST)
        await until(lambda: lost, 10, what="a poll failed")
        consumers._subscriber.add_task(
            consumers._subscriber._run_consume_loop, (consumers.consumer,)
        )
        await say(kafka.address, 10, FIRST)

        await applied(store, 30)


async def test_a_partition_that_was_assigned_anew_no_longer_counts_as_paused(
    world: str, store: Store, kafka: Kafka
) -> None:
    async with unwatched(store, kafka.address, world) as consumers:
        await say(kafka.address, 1, FIRST)
        await applied(store, 1)
        consumers.progress.pauses[FIRST] = 1.0

        await consumers.on_partitions_assigned({SECOND})
        assert not consumers.paused

        gone = Kept(FIRST.topic, 7, 0, b"key", b"", [])
        PolledBatch(consumers, consumers.progress.assignment_generation, [gone])._pause(
            ConnectionError()
        )
        assert not consumers.paused


async def test_a_database_made_anew_is_filled_although_kafka_believes_that_all_is_read(
    world: str, store: Store, kafka: Kafka
) -> None:
    await say(kafka.address, 20, FIRST)
    await believe(kafka.address, world, {FIRST: 20, SECOND: 0})

    async with trial.reading(store, kafka.address, world):
        await applied(store, 20, timeout=20)


async def test_a_handler_that_hangs_is_cut_off_when_the_group_stops(
    world: str,
    store: Store,
    kafka: Kafka,
    tmp_path: Path,
) -> None:
    marker = tmp_path / "hangs"
    async with unwatched(store, kafka.address, world, stop_s=0.2) as consumers:
        await trial.send(
            kafka.address, [trial.counted(ids.new(), 1, mood=f"hang:{marker}")], partition=0
        )
        await until(marker.exists, 30, what="the handler hangs")

        await asyncio.wait_for(consumers.stop(), 10)

        assert not consumers.progress.batch_lock.locked()
    async with unwatched(store, kafka.address, world):
        await applied(store, 1)


async def test_a_group_that_stalls_is_a_reason_to_start_the_process_anew(
    world: str,
    store: Store,
    kafka: Kafka,
) -> None:
    consumers, loops = Consumers(world), Loops()
    loops.add("consumer", Reading(consumers, store, kafka.address))

    async def live() -> int:
        answered = await Process._live(SimpleNamespace(health=SimpleNamespace(stuck=loops.stuck())))  # type: ignore[arg-type]
        return answered[0]

    await until(lambda: consumers.joined and consumers.consumer.assignment(), 30, what="it reads")
    assert await live() == 200
    consumers.stalled_s = 0.0
    async with consumers.progress.batch_lock:  # nothing is applied any more
        await say(kafka.address, 1, FIRST)
        await until(lambda: consumers.progress.stalled, 10, what="it is noticed")
        assert loops.stuck() == ["consumer"]
        assert await live() == 503
    await applied(store, 1)
    await until(lambda: not consumers.progress.stalled, 10, what="it moves again")
    assert await live() == 200
    assert await loops.stop("consumer", 15)


@pytest.mark.parametrize("code", ["40P01", "40001"])
async def test_a_batch_that_stood_in_anothers_way_is_applied_again_as_a_whole(
    store: Store,
    kafka: Kafka,
    topics: Callable[..., None],
    group: str,
    code: str,
) -> None:
    topics(trial.COUNTS, partitions=2)
    tries: list[list[int]] = []

    @on_batch(trial.Counted, group=group)
    async def project(events: list[tuple[Any, Fact]], session: Session) -> None:
        tries.append([fact.sequence for _, fact in events])
        if len(tries) <= 2:
            await (await session.driver()).execute(
                f"do $$ begin raise exception using errcode = '{code}'; end $$"
            )

    await say(kafka.address, 20, FIRST)
    replayed = names.BATCH_REPLAYED.series.get((group,), 0)
    async with unwatched(store, kafka.address, group) as consumers:

        async def read() -> bool:
            return sum(row["applied"] for row in await positions(store)) == 20

        await until(read, 30, what="all is applied")
        assert not consumers.paused

    assert tries[0] == tries[1] == tries[2]
    assert sum(map(len, tries[2:])) == 20
    assert names.BATCH_REPLAYED.series.get((group,), 0) == replayed


async def test_a_topic_is_never_made_by_who_listens_to_it(
    store: Store, kafka: Kafka, group: str
) -> None:
    await trial.tables(store)
    trial.listen(group)
    admin = AdminClient({"bootstrap.servers": kafka.address, "log_level": 0})
    assert not {trial.COUNTS, trial.HOUSES} & set(admin.list_topics(timeout=10).topics)

    async with trial.reading(store, kafka.address, group) as consumers:
        await until(
            lambda: consumers._subscriber is not None and consumers._subscriber.consumer,
            30,
            what="it looks for its topics",
        )

    assert not {trial.COUNTS, trial.HOUSES} & set(admin.list_topics(timeout=10).topics)
