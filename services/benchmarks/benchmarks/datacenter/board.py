"""How fast a board opens with a million elders behind it and 36 months of history.

`python -m benchmarks.datacenter.board [elders]` starts a PostgreSQL of its own. The counts are made
by the same pure functions that the projection uses and written by its own statement; what is known
of each elder is left out, since no board reads it.
"""

import asyncio
import json
import platform
import random
import statistics
import sys
import tempfile
import time
from pathlib import Path

import uvloop
from eldercare.datacenter.v1 import api_pb2 as pb

from datacenter import months
from datacenter.boards.queries import board
from datacenter.counts.flows.folding import fold
from datacenter.counts.measures import COMPILED, FLOWS
from datacenter.indicators.catalogue import limits
from datacenter.subjects.compiled import Reading
from datacenter.subjects.elder import Dwelling, Elder, Hardship, Household, Identity, Life, elder
from datacenter.subjects.measures import Counts, add
from datacenter.subjects.registry import named
from datacenter.subjects.results import Result
from datacenter.testing.callers import an_operator
from datacenter.testing.villages import CITY, villages
from devservers.postgres import Postgres
from kit.contracts import areas
from kit.contracts.clock import Clock
from kit.db import migrations
from kit.db.store import Store
from kit.runtime import collector

ELDERS, SPAN, OPENED = 1_000_000, 36, 200
LAST = months.of_text("2026-06")


def run(elders: int = ELDERS) -> dict[str, object]:
    """Opens boards of the city, its counties, townships and villages one after another; the value
    is the 95th percentile.
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
        rows = await _fill(store, elders)
        collector.settle()  # the filling is no part of what is measured
        took = {
            rank: await _opened(store, rank)
            for rank in (areas.CITY, areas.COUNTY, areas.TOWNSHIP, areas.COMMUNITY)
        }
        raw = await _raw(store)
    finally:
        await store.close()
    every = sorted(ms for times in took.values() for ms in times)
    value = _p95(every)
    return {
        "name": "board",
        "value": round(value, 1),
        "unit": "ms, p95",
        "limit": round(raw, 2),
        "ratio": round(raw / value, 3),
        "runs": {rank: round(_p95(times), 1) for rank, times in took.items()},
        "goal": 300,
        "machine": f"{platform.machine()}, Python {platform.python_version()}",
        "made_of": (
            f"{elders} elders, {SPAN} months, {rows} rows of counts; {OPENED} boards of each level "
            "with parts and trend, made and serialized; runs: p95 by level; limit: one query of "
            "one row"
        ),
    }


async def _fill(store: Store, elders: int) -> int:
    chance, begin = random.Random(1), LAST - SPAN + 1
    counts: Counts = {}
    subject = COMPILED.folds[elder.kind]
    for _ in range(elders):
        for place, row in subject.contribution(_an_elder(chance, begin), limits()).items():
            add(counts.setdefault(place, {}), row)
    for area in villages():
        for month in range(begin, LAST + 1):
            row = counts.setdefault((area, month), {})
            row.update((measure, chance.randrange(1, 50)) for measure in FLOWS)
        row = counts[area, begin]
        row[named("FACILITIES")], row[named("BEDS")] = chance.randrange(2), 20
    reading: Reading = (
        [],
        [
            (measure, *place, amount)
            for place, row in counts.items()
            for measure, amount in row.items()
        ],
    )
    async with store.transaction() as session:
        driver = await session.driver()
        await driver.execute(
            "set local statement_timeout = 0; set local idle_in_transaction_session_timeout = 0"
        )
        await fold(driver, 1, [(1, reading)], limits())  # nothing is told late
        await driver.execute("analyze count")
    async with store.reading() as session:
        return int(await (await session.driver()).fetchval("select count(*) from count"))


def _an_elder(chance: random.Random, begin: int) -> Elder:
    month = begin + chance.randrange(SPAN)
    born = LAST - 12 * chance.randrange(60, 95) - chance.randrange(12)
    lives, results = [Life(month, 1, True, True)], []
    if chance.random() < 0.3:
        results.append(Result(month, 0, "", month, month + 12, chance.randrange(5)))
    if chance.random() < 0.1:
        lives.append(Life(month + chance.randrange(1, 30), 2, True, False))
    hardships = sorted(chance.sample(range(1, 7), chance.randrange(3)))
    return Elder(
        identities=[Identity(month, 1, born, chance.randrange(1, 3))],
        lives=lives,
        dwellings=[Dwelling(month, 1, chance.choice(villages()))],
        households=[Household(month, 1, chance.randrange(1, 6), chance.random() < 0.9)],
        hardships=[Hardship(month, 1, hardships)],
        results=results,
    )


async def _opened(store: Store, rank: int) -> list[float]:
    chance, took = random.Random(rank), []
    codes = [area.code for area in areas.load().within(CITY, rank)]
    for _ in range(OPENED):
        request = pb.GetBoard(area_code=chance.choice(codes), month=months.text(LAST))
        begun = time.perf_counter()
        async with store.reading() as session:
            answer = await board(session, an_operator(), request, dict)
        answer.SerializeToString()
        took.append((time.perf_counter() - begun) * 1000)
    return took


async def _raw(store: Store) -> float:
    took = []
    for _ in range(OPENED):
        begun = time.perf_counter()
        async with store.reading() as session:
            await (await session.driver()).fetchrow("select * from projection")
        took.append((time.perf_counter() - begun) * 1000)
    return statistics.median(took)


def _p95(times: list[float]) -> float:
    return statistics.quantiles(times, n=20)[-1]


if __name__ == "__main__":
    sys.stdout.write(json.dumps(run(*map(int, sys.argv[1:]))) + "\n")
