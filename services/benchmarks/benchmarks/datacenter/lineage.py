"""How long it takes from a figure to its events with a million elders behind it, beside one raw
query by an index; `eldercare bench lineage`.

`python -m benchmarks.datacenter.lineage [elders]` starts a PostgreSQL of its own. Each elder is
registered, one in ten assessed, and one in four ordered a visit; elders of one township alone are
the newest, so that the others are far behind.
"""

import asyncio
import json
import platform
import random
import statistics
import sys
import tempfile
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import UUID

import asyncpg
import uvloop
from eldercare.assessment.v1 import events_pb2 as assessment
from eldercare.datacenter.v1 import api_pb2 as pb
from eldercare.dispatch.v1 import events_pb2 as dispatch
from google.protobuf.message import Message

from datacenter.archive.flows.keeping import prepare
from datacenter.indicators.catalogue import catalogue
from datacenter.lineage.queries import trace
from datacenter.testing.callers import an_operator
from datacenter.testing.elders import an_elder
from datacenter.testing.villages import CITY, villages
from devservers.postgres import Postgres
from kit.contracts import areas, ids
from kit.contracts.clock import Clock
from kit.contracts.wire import timestamp
from kit.db import migrations
from kit.db.store import Store
from kit.messaging.outbox import route
from kit.runtime import collector

ELDERS, CHUNK, RAW = 1_000_000, 20_000, 200
BEGIN, MONTH = datetime(2026, 1, 5, tzinfo=UTC), "2026-06"
_COLUMNS = (
    *("id", "type", "source", "subject", "thing", "sequence", "area_code", "time", "topic"),
    *("partition", "offset", "headers", "payload", "batch"),
)
_RAW = "select * from archive where type = $1 order by time desc, id desc limit 50"


def run(elders: int = ELDERS) -> dict[str, object]:
    """Asks once for each figure of the city, a county, a township and a village; the value is the
    longest answer.
    """
    with tempfile.TemporaryDirectory(prefix="bench-") as folder:
        cluster = Postgres(Path(folder) / "postgres")
        cluster.start()
        try:
            return uvloop.run(_measured(cluster.dsn(), elders))
        finally:
            cluster.stop()


async def _measured(dsn: str, elders: int) -> dict[str, object]:
    await asyncio.to_thread(migrations.upgrade, dsn, "datacenter")
    store = Store(dsn, service="datacenter", clock=Clock())
    try:
        await prepare(store)
        events = await _fill(dsn, elders)
        collector.settle()  # the filling is no part of what is measured
        took = {code: [await _asked(store, code, one) for one in catalogue()] for code in _places()}
        raw = await _raw(store)
    finally:
        await store.close()
    every = sorted(ms for times in took.values() for ms in times)
    return {
        "name": "lineage",
        "value": round(every[-1], 1),
        "unit": "ms, longest",
        "limit": round(raw, 2),
        "ratio": round(raw / every[-1], 4),
        "runs": {code: round(max(times), 1) for code, times in took.items()},
        "median": round(statistics.median(every), 1),
        "goal": 1000,
        "machine": f"{platform.machine()}, Python {platform.python_version()}",
        "made_of": f"{elders} elders, {events} events; each figure of four areas asked for once; "
        "limit: the newest 50 of a type by its index",
    }


def _places() -> list[str]:
    first = villages()[0]
    return [CITY, *(areas.at(first, rank) for rank in (areas.COUNTY, areas.TOWNSHIP)), first]


async def _fill(dsn: str, elders: int) -> int:
    connection, done = await asyncpg.connect(dsn), 0
    try:
        records: list[tuple[object, ...]] = []
        for message, thing, area, at in _story(elders):
            where = route(type(message))
            about = (
                where.type,
                "/bench",
                where.key(message),
                UUID(thing),
                1,
                area,
                at,
                where.topic,
            )
            records.append((ids.new(), *about, 0, done, b"", message.SerializeToString(), 1))
            done += 1
            if len(records) == CHUNK:
                await connection.copy_records_to_table("archive", records=records, columns=_COLUMNS)
                records.clear()
        await connection.copy_records_to_table("archive", records=records, columns=_COLUMNS)
        await connection.execute("update projection set batch = 1")
        await connection.execute("analyze archive")
    finally:
        await connection.close()
    return done


def _story(elders: int) -> Iterator[tuple[Message, str, str, datetime]]:
    chance, newest = random.Random(1), villages()[-1]
    step = timedelta(days=150) / elders
    for number in range(elders):
        at = BEGIN + number * step
        area = chance.choice(villages()) if number < elders * 0.9 else newest
        elder = an_elder(area_code=area, registered_at=timestamp(at))
        yield assessment.ElderRegistered(elder=elder), elder.elder_id, area, at
        if number % 10 == 0:
            result = assessment.AssessmentApproved(
                elder_id=elder.elder_id,
                area_code=area,
                assessment_id=str(ids.new()),
                application_id=str(ids.new()),
                level=number % 5,
                valid_from=f"{at:%Y-%m-%d}",
                valid_to=f"{at + timedelta(days=700):%Y-%m-%d}",
                approved_at=timestamp(at),
            )
            yield result, elder.elder_id, area, at
        if number % 4 == 0:
            order_id = str(ids.new())
            placed = dispatch.OrderPlaced(
                elder_id=elder.elder_id,
                area_code=area,
                order_id=order_id,
                wanted_from=timestamp(at),
                wanted_to=timestamp(at),
                placed_at=timestamp(at),
            )
            yield placed, order_id, area, at


async def _asked(store: Store, code: str, figure: str) -> float:
    request = pb.TraceFigure(area_code=code, month=MONTH, code=figure)
    begun = time.perf_counter()
    async with store.reading() as session:
        page = (await trace(session, an_operator(), request)).page
    page.SerializeToString()
    return (time.perf_counter() - begun) * 1000


async def _raw(store: Store) -> float:
    took, name = [], assessment.ElderRegistered.DESCRIPTOR.full_name
    for _ in range(RAW):
        begun = time.perf_counter()
        async with store.reading() as session:
            await (await session.driver()).fetch(_RAW, name)
        took.append((time.perf_counter() - begun) * 1000)
    return statistics.median(took)


if __name__ == "__main__":
    sys.stdout.write(json.dumps(run(*map(int, sys.argv[1:]))) + "\n")
