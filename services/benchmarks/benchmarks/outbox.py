"""How fast the relay of one part sends messages, beside the same producer alone; `eldercare bench
outbox`.

PostgreSQL (durable) and Apache Kafka are started for it; messages are 300 bytes with ten headers,
as `emit` makes them.
"""

import asyncio
import json
import os
import platform
import statistics
import tempfile
import time
from pathlib import Path

import asyncpg
import uvloop
from aiokafka import AIOKafkaProducer
from confluent_kafka.admin import AdminClient
from confluent_kafka.cimpl import NewTopic

from benchmarks.registry import Result
from devservers.kafka import Kafka
from devservers.postgres import Postgres
from kit.contracts import ids
from kit.contracts.clock import Clock
from kit.db import migrations
from kit.db.store import Store
from kit.messaging.relay import Relay

TOPIC = "eldercare.trial.v1"
KEYS = 2000
GOAL = 15_000


def run(messages: int = 60_000, runs: int = 3) -> Result:
    """Fills the outbox and drains it, `runs` times; the value is the median in messages/s."""
    with tempfile.TemporaryDirectory(prefix="bench-") as folder:
        cluster, broker = Postgres(Path(folder) / "postgres"), Kafka(Path(folder) / "kafka")
        cluster.start()
        try:
            broker.start()
            migrations.upgrade(cluster.dsn(), "kit")
            admin = AdminClient({"bootstrap.servers": broker.address})
            for made in admin.create_topics([NewTopic(TOPIC, 4, 1)]).values():
                made.result(timeout=30)
            del admin  # or it complains when the broker leaves
            measured = [
                uvloop.run(_measured(cluster.dsn(), broker.address, messages)) for _ in range(runs)
            ]
        finally:
            broker.stop()
            cluster.stop()
    value, limit = (round(statistics.median(column)) for column in zip(*measured, strict=True))
    return {
        "name": "outbox",
        "value": value,
        "unit": "messages/s",
        "limit": limit,
        "ratio": round(value / limit, 3),
        "runs": [[round(speed) for speed in pair] for pair in measured],
        "goal": GOAL,
        "machine": machine(),
        "made_of": f"{messages} messages of 300 B and 10 headers, 4 partitions, acks=all, 1 part;"
        " limit: the same producer without a database, 500 at a time",
    }


def machine() -> str:
    """What it ran on, and how busy that was before."""
    return (
        f"{os.cpu_count()} cores {platform.machine()}, Python {platform.python_version()}, "
        f"load {os.getloadavg()[0]:.1f}"
    )


async def _measured(dsn: str, kafka: str, messages: int) -> tuple[float, float]:
    limit = await _alone(kafka, messages)
    await _fill(dsn, messages)
    store = Store(dsn, service="bench", clock=Clock())
    relay = Relay(store, kafka)
    task = asyncio.create_task(relay.run())
    while not relay.sent:  # noqa: ASYNC110 - the relay has nobody to tell
        await asyncio.sleep(0.001)
    before, began = relay.sent, time.perf_counter()
    while relay.sent < messages:  # noqa: ASYNC110
        await asyncio.sleep(0.005)
    speed = (relay.sent - before) / (time.perf_counter() - began)
    relay.stop()
    await task
    await store.close()
    return speed, messages / limit


def _headers(key: str) -> dict[str, str]:
    message_id = str(ids.new())
    now = Clock.real().isoformat()
    return {
        "content-type": "application/protobuf",
        "ce_specversion": "1.0",
        "ce_id": message_id,
        "ce_source": f"/eldercare/bench/trial/{key}",
        "ce_type": "eldercare.trial.v1.Counted",
        "ce_subject": key,
        "ce_time": now,
        "ce_recordedtime": now,
        "ce_partitionkey": key,
        "ce_sequence": "0" * 20,
        "ce_correlationid": message_id,
    }


async def _fill(dsn: str, messages: int) -> None:
    connection = await asyncpg.connect(dsn)
    keys = [str(ids.new()) for _ in range(KEYS)]
    rows = (
        (
            0,
            ids.new(),
            TOPIC,
            keys[n % KEYS],
            json.dumps(_headers(keys[n % KEYS])),
            os.urandom(300),
            Clock.real(),
        )
        for n in range(messages)
    )
    await connection.copy_records_to_table(
        "outbox",
        columns=("part", "id", "topic", "key", "headers", "payload", "recorded_at"),
        records=rows,
    )
    await connection.execute("analyze outbox")
    await connection.close()


async def _alone(kafka: str, messages: int) -> float:
    """Seconds that the producer needs without a database and without unpacking."""
    keys = [str(ids.new()).encode() for _ in range(KEYS)]
    headers = [(name, value.encode()) for name, value in _headers(str(ids.new())).items()]
    payload = os.urandom(300)
    producer = AIOKafkaProducer(
        bootstrap_servers=kafka, acks="all", enable_idempotence=True, max_batch_size=256 << 10
    )
    await producer.start()
    try:
        await producer.send_and_wait(TOPIC, payload, keys[0])
        began = time.perf_counter()
        for first in range(0, messages, 500):
            sent = [
                await producer.send(TOPIC, payload, keys[n % KEYS], headers=headers)
                for n in range(first, min(first + 500, messages))
            ]
            await asyncio.wait(sent)
        return time.perf_counter() - began
    finally:
        await producer.stop()
