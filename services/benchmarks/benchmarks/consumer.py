"""How fast one process applies events, beside the same records read with no database behind.

`python -m benchmarks.consumer [events] [whole|bad|bulk …]` starts a Kafka and a PostgreSQL of its
own.
"""

import asyncio
import json
import platform
import statistics
import sys
import tempfile
import time
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Protocol
from uuid import UUID

import uvloop
from aiokafka import AIOKafkaConsumer
from confluent_kafka.admin import AdminClient
from confluent_kafka.cimpl import NewTopic

from benchmarks.registry import Result
from devservers.kafka import Kafka
from devservers.postgres import Postgres, execute
from kit.contracts import ids
from kit.contracts.clock import Clock
from kit.db import migrations
from kit.db.store import Session, Store
from kit.messaging.consumers import BATCH
from kit.messaging.failures import Limits
from kit.messaging.subscriptions import Archive, Fact, on_batch
from kit.runtime import collector
from testkit import trial

KEYS = 2000
GOALS = {"whole": 3_000, "bad": 500, "bulk": 10_000}
MADE_OF = {
    "whole": (
        f"batches of {BATCH}; per event one SQLModel row loaded for update and changed, one "
        "inserted, inbox, position"
    ),
    "bad": (
        "as whole, with one refused record in each 100, which is parked; records of its key "
        "are held"
    ),
    "bulk": (
        "batches of 500, 30 % of them repetitions; archive as inbox and one set-based insert "
        "per batch"
    ),
}


class CountedFields(Protocol):
    """What is read of a `Counted` event."""

    counter_id: str
    amount: int


async def bench_consumer(
    kafka: str, dsn: str, mode: str, *, events: int = 30_000, runs: int = 3
) -> Result:
    """Publishes the events once and applies them once per run, each time into an empty database.

    kafka: a broker without the trial's topics. dsn: of a server whose role may make databases.
    mode: whole, bad or bulk.
    """
    _topic(kafka)
    await trial.send(kafka, _records(mode, events))
    collector.settle()  # as a service does when it has started
    speeds, limits, costs = [], [], []
    for run in range(runs):
        limits.append(events / await _raw(kafka, events))
        took, cpu = await _applied(kafka, dsn, mode, events, run)
        speeds.append(events / took)
        costs.append(events / cpu)
    value, limit = statistics.median(speeds), statistics.median(limits)
    return {
        "name": f"consumer, {mode}",
        "value": round(value),
        "unit": "events/s",
        "limit": round(limit),
        "ratio": round(value / limit, 3),
        "runs": [round(speed) for speed in speeds],
        "machine": f"{platform.machine()}, Python {platform.python_version()}",
        "goal": GOALS[mode],
        "per_cpu_second": round(statistics.median(costs)),
        "made_of": (
            f"{events} events; {MADE_OF[mode]}; limit: getmany without a database; "
            "per_cpu_second: of this process, which a busy machine"
            " changes less"
        ),
    }


def _records(mode: str, events: int) -> list[trial.Record]:
    counters = [ids.new() for _ in range(KEYS)]
    records: list[trial.Record] = []
    for n in range(events):
        if mode == "bulk" and n % 10 >= 7:
            records.append(records[n - 7])
        elif mode == "bad" and n % 100 == 50:
            records.append(trial.counted(ids.new(), n, mood="refuse"))
        else:
            records.append(trial.counted(counters[n % KEYS], n))
    return records


def _topic(kafka: str) -> None:
    admin = AdminClient({"bootstrap.servers": kafka})
    for made in admin.create_topics(
        [NewTopic(topic, 4, 1) for topic in (trial.COUNTS, trial.HOUSES)]
    ).values():
        made.result(30)


async def _raw(kafka: str, events: int) -> float:
    consumer = AIOKafkaConsumer(
        trial.COUNTS,
        bootstrap_servers=kafka,
        group_id=f"raw-{ids.new()}",
        auto_offset_reset="earliest",
    )
    await consumer.start()
    try:
        seen, begun = 0, 0.0
        while seen < events:
            batches = await consumer.getmany(timeout_ms=1000, max_records=BATCH)
            begun = begun or time.perf_counter()  # joining a group is not reading
            seen += sum(map(len, batches.values()))
        return time.perf_counter() - begun
    finally:
        await consumer.stop()


async def _applied(kafka: str, dsn: str, mode: str, events: int, run: int) -> tuple[float, float]:
    name = f"bench_{mode}_{run}"
    await execute(dsn, f"create database {name}")
    here = dsn.rpartition("/")[0] + f"/{name}"
    await asyncio.to_thread(migrations.upgrade, here, "kit")
    store, group = Store(here, service="kit", clock=Clock()), f"{name}-{ids.new()}"
    await trial.tables(store)
    limits = Limits(share=0.5)
    if mode == "bulk":
        archive = await _projection(store, group)
        reading = trial.reading(store, kafka, group, limits=limits, batch=500, archive=archive)
    else:
        trial.listen(group)
        reading = trial.reading(store, kafka, group, limits=limits)
    moves: list[tuple[float, float]] = []
    store.committed.append(lambda _: moves.append((time.perf_counter(), time.process_time())))
    try:
        async with reading as consumers:
            while await _read(store) < events:
                await asyncio.sleep(0.05)
                if consumers.alarm is not None:
                    raise consumers.alarm
        return moves[-1][0] - moves[0][0], moves[-1][1] - moves[0][1]
    finally:
        await store.close()


async def _read(store: Store) -> int:
    async with store.reading() as session:
        return int(
            await (await session.driver()).fetchval(
                "select coalesce(sum(next - begin), 0) from position"
            )
        )


async def _projection(store: Store, group: str) -> Archive:
    async with store.transaction() as session:
        await (await session.driver()).execute(
            "create table archive (id uuid primary key, type text, headers text, payload bytea)"
        )

    @on_batch(trial.Counted, group=group)
    async def project(events: list[tuple[CountedFields, Fact]], session: Session) -> None:
        await (await session.driver()).execute(
            "insert into entry (counter_id, event_id, sequence, amount) select * from "
            "unnest($1::uuid[], $2::uuid[], $3::int[], $4::int[])",
            [UUID(event.counter_id) for event, _ in events],
            [fact.id for _, fact in events],
            [fact.sequence for _, fact in events],
            [event.amount for event, _ in events],
        )

    async def archive(session: Session, facts: Sequence[Fact]) -> set[str]:
        rows = await (await session.driver()).fetch(
            "insert into archive select * from unnest($1::uuid[], $2::text[], $3::text[], "
            "$4::bytea[])"
            " on conflict do nothing returning id::text",
            [fact.id for fact in facts],
            [fact.type for fact in facts],
            [fact.source for fact in facts],
            [fact.payload for fact in facts],
        )
        return {row[0] for row in rows}

    return archive


def run(*, events: int = 30_000) -> Result:
    """The figure of whole batches; the other two modes, of the same run, stand in `modes`."""
    facts = measured(GOALS, events)
    return facts[0] | {
        "modes": {
            one["name"]: {key: one[key] for key in ("value", "limit", "ratio", "runs")}
            for one in facts[1:]
        }
    }


def main(arguments: Sequence[str]) -> None:
    """Runs the modes and prints one line of JSON for each."""
    for facts in measured(arguments[1:] or GOALS, int(arguments[0]) if arguments else 30_000):
        sys.stdout.write(json.dumps(facts) + "\n")


def measured(modes: Iterable[str], events: int) -> list[Result]:
    """One object for each mode, on servers of their own."""
    with tempfile.TemporaryDirectory(prefix="bench-") as folder:
        cluster = Postgres(Path(folder) / "postgres")
        cluster.start()
        try:
            facts = []
            for mode in modes:
                broker = Kafka(Path(folder) / f"kafka-{mode}")
                broker.start()
                try:
                    facts.append(
                        uvloop.run(
                            bench_consumer(broker.address, cluster.dsn(), mode, events=events)
                        )
                    )
                finally:
                    broker.stop()
            return facts
        finally:
            cluster.stop()


if __name__ == "__main__":
    main(sys.argv[1:])
