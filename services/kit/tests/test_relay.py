import asyncio
import json
import random
import signal
import sys
import uuid
from collections import defaultdict
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

import asyncpg
import pytest_asyncio
from aiokafka import AIOKafkaConsumer, TopicPartition

from kit.db.store import Store
from kit.messaging import relay
from kit.messaging.outbox import emit
from kit.messaging.relay import Relay

TOPIC = "eldercare.application.v1"
DELETING = """
select from pg_stat_activity
where application_name = 'kit relay 0' and wait_event_type = 'Lock'
  and query like '%delete from outbox%'"""
# A relay as a process that can be killed.
ALONE = """
import asyncio, sys
from kit.contracts.clock import Clock
from kit.messaging.relay import Relay
from kit.db.store import Store
async def main():
    await Relay(Store(sys.argv[1], service="kit", clock=Clock()), sys.argv[2]).run()
asyncio.run(main())
"""


@asynccontextmanager
async def relaying(store: Store, address: str, parts: int = 1) -> AsyncIterator[list[Relay]]:
    relays = [Relay(store, address, part=part) for part in range(parts)]
    tasks = [asyncio.create_task(each.run()) for each in relays]
    try:
        yield relays
    finally:
        for each in relays:
            each.stop()
        await asyncio.wait_for(asyncio.gather(*tasks), 20)


async def published(address: str) -> list[dict[str, str]]:
    """The headers of all records of the topic, in the order of each partition."""
    consumer = AIOKafkaConsumer(
        bootstrap_servers=address, enable_auto_commit=False, auto_offset_reset="earliest"
    )
    await consumer.start()
    try:
        partitions = [TopicPartition(TOPIC, number) for number in range(4)]
        consumer.assign(partitions)
        ends = await consumer.end_offsets(partitions)
        found = []
        while any(
            [await consumer.position(partition) < ends[partition] for partition in partitions]
        ):
            for records in (await consumer.getmany(timeout_ms=500)).values():
                found += [
                    {name: value.decode() for name, value in record.headers}
                    | {"key": record.key.decode()}
                    for record in records
                ]
        return found
    finally:
        await consumer.stop()


async def say(store: Store, withdrawn: Callable, keys: list[uuid.UUID], *, first: int = 1) -> None:
    async with store.transaction() as session:
        for sequence, key in enumerate(keys, first):
            emit(session, withdrawn(key), sequence=sequence)


async def left(dsn: str) -> int:
    connection = await asyncpg.connect(dsn)
    try:
        return int(await connection.fetchval("select count(*) from outbox"))
    finally:
        await connection.close()


@pytest_asyncio.fixture
async def drained(pebbles, until) -> Callable:
    async def empty() -> None:
        async def none_left() -> bool:
            return await left(pebbles.dsn) == 0

        await until(none_left, timeout=30, what="the outbox is empty")

    return empty


async def test_what_is_committed_is_published_with_its_headers_and_leaves_the_outbox(
    kafka, topics, pebbles, withdrawn, drained
) -> None:
    topics(TOPIC)
    keys = [uuid.uuid4() for _ in range(1200)]

    async with relaying(pebbles.store, kafka.address) as [one]:
        await say(pebbles.store, withdrawn, keys)
        await drained()
        assert one.sent == 1200

    records = await published(kafka.address)
    assert sorted(record["key"] for record in records) == sorted(map(str, keys))
    assert all(
        record["ce_subject"] == record["key"] and record["content-type"] == "application/protobuf"
        for record in records
    )
    assert await relay.depth(pebbles.store) == (0, 0.0)


async def test_the_database_knows_how_far_each_partition_holds_what_left_the_outbox(
    kafka, topics, pebbles, withdrawn, drained
) -> None:
    topics(TOPIC)
    pebbles.store.parts = 2

    async with relaying(pebbles.store, kafka.address, 2):
        for _ in range(3):
            await say(pebbles.store, withdrawn, [uuid.uuid4() for _ in range(700)])
            await drained()

    connection = await asyncpg.connect(pebbles.dsn)
    noted = dict(await connection.fetch("select partition, max(next) from sent group by 1"))
    assert await connection.fetchval("select count(distinct (part, cluster)) from sent") == 2
    await connection.close()
    consumer = AIOKafkaConsumer(bootstrap_servers=kafka.address)
    await consumer.start()
    ends = await consumer.end_offsets([TopicPartition(TOPIC, number) for number in range(4)])
    await consumer.stop()
    assert noted == {partition.partition: end for partition, end in ends.items()}
    assert sum(noted.values()) == 2100


async def test_the_broker_in_memory_receives_the_same(
    memory_kafka, pebbles, withdrawn, drained
) -> None:
    memory_kafka.create_topics([TOPIC])
    keys = [uuid.uuid4() for _ in range(300)]

    async with relaying(pebbles.store, memory_kafka.address):
        await say(pebbles.store, withdrawn, keys)
        await drained()

    assert sorted(record["key"] for record in await published(memory_kafka.address)) == sorted(
        map(str, keys)
    )


async def test_random_writers_lose_nothing_and_keep_the_order_of_each_aggregate(
    kafka, topics, pebbles, withdrawn, drained
) -> None:
    topics(TOPIC)
    seed = random.randrange(2**32)
    print(f"seed {seed}")  # noqa: T201
    pebbles.store.parts = 2
    keys = [uuid.uuid4() for _ in range(8)]
    async with pebbles.store.transaction() as session:
        session.add_all([pebbles.Pebble(pebble_id=key) for key in keys])

    async def write(luck: random.Random) -> None:
        for _ in range(25):
            try:
                async with pebbles.store.transaction() as session:
                    row = await session.get_locked(pebbles.Pebble, luck.choice(keys))
                    await asyncio.sleep(luck.random() * 0.01)
                    emit(session, withdrawn(row.pebble_id), row)
                    await asyncio.sleep(luck.random() * 0.01)
                    if luck.random() < 0.1:
                        raise ZeroDivisionError
            except ZeroDivisionError:
                continue

    async with relaying(pebbles.store, kafka.address, parts=2):
        await asyncio.gather(*(write(random.Random(f"{seed}-{number}")) for number in range(12)))
        await drained()

    sequences = defaultdict(list)
    for record in await published(kafka.address):
        sequences[record["key"]].append(int(record["ce_sequence"]))
    async with pebbles.store.reading() as session:
        versions = {
            str(row["pebble_id"]): row["version"]
            for row in await (await session.driver()).fetch("select * from pebble")
        }
    assert sequences == {
        key: list(range(1, version + 1)) for key, version in versions.items() if version
    }


async def test_a_part_has_one_owner_and_the_next_takes_over(
    kafka, topics, pebbles, withdrawn, drained, until
) -> None:
    topics(TOPIC)
    other = Store(pebbles.dsn, service="kit", clock=pebbles.store.clock)
    first, second = Relay(pebbles.store, kafka.address), Relay(other, kafka.address)
    leading = asyncio.create_task(first.run())
    await until(lambda: first.owner)
    waiting = asyncio.create_task(second.run())

    await say(pebbles.store, withdrawn, [uuid.uuid4() for _ in range(50)])
    await drained()
    assert (first.sent, second.sent, second.owner) == (50, 0, False)

    first.stop()
    await leading
    await until(lambda: second.owner)
    await say(other, withdrawn, [uuid.uuid4() for _ in range(50)])
    await drained()
    second.stop()
    await waiting
    await other.close()

    assert second.sent == 50
    assert len(await published(kafka.address)) == 100


async def test_a_relay_whose_connection_is_cut_owns_the_part_again_and_loses_nothing(
    kafka, topics, pebbles, withdrawn, drained, until
) -> None:
    topics(TOPIC)
    async with relaying(pebbles.store, kafka.address) as [one]:
        for number in range(5):
            await until(lambda: one.owner)
            await say(
                pebbles.store, withdrawn, [uuid.uuid4() for _ in range(100)], first=1 + number
            )
            async with pebbles.store.transaction() as session:
                await (await session.driver()).execute(
                    "select pg_terminate_backend(pid) from pg_stat_activity where "
                    "application_name = 'kit relay 0'"
                )
        await drained()

    assert len({record["ce_id"] for record in await published(kafka.address)}) == 500


async def test_killed_between_acknowledgement_and_delete_it_publishes_the_same_ids_again(
    kafka, topics, pebbles, withdrawn, drained, until
) -> None:
    topics(TOPIC)
    await say(pebbles.store, withdrawn, [uuid.uuid4() for _ in range(20)])
    holder = await asyncpg.connect(pebbles.dsn)
    await holder.execute(
        "begin; select from outbox for update"
    )  # the broker acknowledges, and the delete waits for us
    dying = await asyncio.create_subprocess_exec(
        sys.executable, "-c", ALONE, pebbles.dsn, kafka.address
    )

    async def deleting() -> bool:
        async with pebbles.store.raw() as session:
            return bool(await session.fetch(DELETING))

    await until(deleting, timeout=30)
    dying.send_signal(signal.SIGKILL)
    await dying.wait()
    await holder.execute(
        "select pg_terminate_backend(pid) from pg_stat_activity where application_name = "
        "'kit relay 0'"
    )
    await until(lambda: left(pebbles.dsn))
    await holder.execute("rollback")
    await holder.close()
    before = await published(kafka.address)

    async with relaying(pebbles.store, kafka.address):
        await drained()

    again = await published(kafka.address)
    assert (len(before), len(again)) == (20, 40)
    assert {record["ce_id"] for record in again} == {record["ce_id"] for record in before}


async def test_messages_wait_for_a_topic_that_is_made_later(
    kafka, topics, pebbles, withdrawn, drained, until
) -> None:
    async with relaying(pebbles.store, kafka.address) as [one]:
        await until(lambda: one.owner)
        await say(pebbles.store, withdrawn, [uuid.uuid4() for _ in range(10)])
        assert await left(pebbles.dsn) == 10
        topics(TOPIC)
        await drained()

    assert len(await published(kafka.address)) == 10


async def test_a_broker_that_is_killed_and_comes_back_receives_everything_in_order(
    own_kafka, pebbles, withdrawn, drained, until
) -> None:
    key = uuid.uuid4()
    async with relaying(pebbles.store, own_kafka.address) as [one]:
        _make(own_kafka.address)
        await say(pebbles.store, withdrawn, [key] * 50)
        await drained()
        own_kafka.kill()
        await say(pebbles.store, withdrawn, [key] * 50, first=51)
        assert await left(pebbles.dsn) == 50
        assert one.sent == 50
        own_kafka.start(timeout=60)
        await drained()

    records = await published(own_kafka.address)
    seen = list(dict.fromkeys(record["ce_id"] for record in records))
    order = {record["ce_id"]: int(record["ce_sequence"]) for record in records}
    assert [order[one_id] for one_id in seen] == list(range(1, 101))


def _make(address: str) -> None:
    from confluent_kafka.admin import AdminClient
    from confluent_kafka.cimpl import NewTopic

    admin = AdminClient({"bootstrap.servers": address})
    for done in admin.create_topics([NewTopic(TOPIC, 4, 1)]).values():
        done.result(timeout=30)


async def test_messages_are_kept_as_json_that_the_relay_only_unpacks(pebbles, withdrawn) -> None:
    await say(pebbles.store, withdrawn, [uuid.uuid4()])
    connection = await asyncpg.connect(pebbles.dsn)
    row = await connection.fetchrow("select * from outbox")
    await connection.close()

    assert json.loads(row["headers"])["ce_id"] == str(row["id"])


async def test_the_age_of_the_oldest_message_is_known(pebbles, withdrawn, until) -> None:
    await say(pebbles.store, withdrawn, [uuid.uuid4(), uuid.uuid4()])

    async def aged() -> bool:
        count, oldest_s = await relay.depth(pebbles.store)
        assert count == 2
        return oldest_s > 0.05

    await until(aged)
