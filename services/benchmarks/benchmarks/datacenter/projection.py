"""How fast one process keeps and counts the events of a city, beside the same records read and
decoded with no database behind.

`python -m benchmarks.datacenter.projection [events]` starts a Kafka and a PostgreSQL of its own,
durable as in production.
"""

import asyncio
import gc
import json
import platform
import random
import statistics
import sys
import tempfile
import time
from pathlib import Path
from typing import NamedTuple

import uvloop
from aiokafka import AIOKafkaConsumer
from confluent_kafka import Producer
from confluent_kafka.admin import AdminClient
from confluent_kafka.cimpl import NewTopic

from datacenter.counts.consumers import COLLECTED_AFTER, GROUP, keep
from datacenter.settings import BATCH
from datacenter.testing.history import History
from datacenter.testing.records import Record, records
from devservers.kafka import Kafka
from devservers.postgres import Postgres, execute
from kit.contracts import ids
from kit.contracts.clock import Clock
from kit.db import migrations
from kit.db.store import Store
from kit.messaging.consumers import Consumers
from kit.messaging.records import decoded
from kit.messaging.subscriptions import subscriptions_of
from kit.runtime import collector

EVENTS, REPEATED, RUNS = 150_000, 0.3, 3
PARTITIONS = 4


def run(events: int = EVENTS, runs: int = RUNS) -> dict[str, object]:
    """Publishes the events once and counts them once per run, each time into an empty database."""
    with tempfile.TemporaryDirectory(prefix="bench-") as folder:
        cluster, broker = Postgres(Path(folder) / "postgres"), Kafka(Path(folder) / "kafka")
        cluster.start()
        try:
            broker.start()
            try:
                return uvloop.run(_measured(cluster.dsn(), broker.address, events, runs))
            finally:
                broker.stop()
        finally:
            cluster.stop()


async def _measured(dsn: str, kafka: str, events: int, runs: int) -> dict[str, object]:
    chance = random.Random(1)
    city = History(1, places=200, months=12).grow(round(events * (1 - REPEATED) / 17))
    distinct = list(records(city.ordered()))
    unique = len(distinct)
    stream = _repeated(distinct, chance)
    _publish(kafka, stream)
    collector.settle()  # the stream itself is no part of what is measured
    gc.set_threshold(*COLLECTED_AFTER)  # as the service does
    speeds, limits, costs = [], [], []
    for number in range(runs):
        limits.append(len(stream) / await _raw(kafka, len(stream)))
        took, cpu = await _counted(kafka, dsn, len(stream), unique, number)
        speeds.append(len(stream) / took)
        costs.append(len(stream) / cpu)
    value, limit = statistics.median(speeds), statistics.median(limits)
    return {
        "name": "projection",
        "value": round(value),
        "unit": "events/s",
        "limit": round(limit),
        "ratio": round(value / limit, 3),
        "runs": [round(speed) for speed in speeds],
        "machine": f"{platform.machine()}, Python {platform.python_version()}",
        "goal": 10_000,
        "per_cpu_second": round(statistics.median(costs)),
        "made_of": (
            f"{len(stream)} records of {len(subscriptions_of(GROUP))} event types, "
            f"{len(stream) - unique} of them repetitions, each kept in the archive and counted "
            f"exactly once; batches of {BATCH}; limit: getmany and decoding without a database; "
            "per_cpu_second: of this process, which a busy machine changes less"
        ),
    }


def _repeated(once: list[Record], chance: random.Random) -> list[Record]:
    """The stream as a producer that crashes would make it: three of ten records are repetitions of
    one shortly before.
    """
    stream: list[Record] = []
    for record in once:
        stream.append(record)
        while chance.random() < REPEATED:
            stream.append(stream[-1 - chance.randrange(min(len(stream), 50))])
    return stream


def _publish(kafka: str, stream: list[Record]) -> None:
    admin = AdminClient({"bootstrap.servers": kafka, "log_level": 0})
    topics = sorted({subscription.topic for subscription in subscriptions_of(GROUP).values()})
    for made in admin.create_topics([NewTopic(topic, PARTITIONS, 1) for topic in topics]).values():
        made.result(30)
    producer = Producer(
        {
            "bootstrap.servers": kafka,
            "linger.ms": 20,
            "partitioner": "murmur2_random",
            "log_level": 0,
        }
    )
    for record in stream:
        while True:
            try:
                producer.produce(
                    record.topic, record.value, record.key, headers=list(record.headers)
                )
                break
            except BufferError:
                producer.poll(0.1)
    producer.flush()


async def _raw(kafka: str, count: int) -> float:
    topics = sorted({subscription.topic for subscription in subscriptions_of(GROUP).values()})
    consumer = AIOKafkaConsumer(
        *topics, bootstrap_servers=kafka, group_id=f"raw-{ids.new()}", auto_offset_reset="earliest"
    )
    await consumer.start()
    try:
        seen, begun = 0, 0.0
        while seen < count:
            found = await consumer.getmany(timeout_ms=1000, max_records=BATCH)
            begun = begun or time.perf_counter()  # joining a group is not reading
            for batch in found.values():
                seen += len(
                    [
                        decoded("raw", record, subscriptions_of(GROUP), archived=True)
                        for record in batch
                    ]
                )
        return time.perf_counter() - begun
    finally:
        await consumer.stop()


class Move(NamedTuple):
    """When a batch was committed. cpu: seconds that this process has used."""

    at: float
    cpu: float


async def _counted(
    kafka: str, dsn: str, count: int, unique: int, number: int
) -> tuple[float, float]:
    """Seconds, and those of them that this process used."""
    name = f"bench_{number}"
    await execute(dsn, f"create database {name}")
    here = dsn.rpartition("/")[0] + f"/{name}"
    await asyncio.to_thread(migrations.upgrade, here, "datacenter")
    store, consumers = (
        Store(here, service="datacenter", clock=Clock()),
        Consumers(GROUP, archive=keep, batch=BATCH),
    )
    moves: list[Move] = []
    store.committed.append(lambda _: moves.append(Move(time.perf_counter(), time.process_time())))
    try:
        await consumers.start(store, kafka)
        try:
            # commits before the first batch: making positions is not counting, nor is waiting to be
            # brought back to them
            begun = 0
            while (
                read := await _one(store, "select coalesce(sum(next - begin), 0) from position")
            ) < count:
                begun = begun if read else len(moves)
                await asyncio.sleep(0.05)
                if consumers.alarm is not None:
                    raise consumers.alarm
        finally:
            await consumers.stop()
        kept = await _one(store, "select count(*) from archive")
        if kept != unique:
            raise AssertionError(f"{kept} events were kept, {unique} were published")
        first, last = moves[begun], moves[-1]
        return last.at - first.at, last.cpu - first.cpu
    finally:
        await store.close()
        await execute(dsn, f"drop database {name}")


async def _one(store: Store, query: str) -> int:
    async with store.reading() as session:
        return int(await (await session.driver()).fetchval(query))


if __name__ == "__main__":
    sys.stdout.write(json.dumps(run(*map(int, sys.argv[1:]))) + "\n")
