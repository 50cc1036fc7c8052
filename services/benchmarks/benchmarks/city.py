"""The benchmark of the whole city: how fast it takes what people do, and where the time goes."""

import asyncio
import json
import os
import platform
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TypedDict

import asyncpg

from benchmarks.registry import Result
from city.box.city import City
from city.box.foreground import LOOKS
from city.box.options import CityOptions
from city.box.simulation import simulate
from city.box.state import State
from city.names import present
from city.terminal import say

ELDERS, DAYS, SEED = 2000, 4, 1
REST_S = 10.0  # so long it is looked at what a city costs in which nothing happens


def run(elders: int = ELDERS, days: int = DAYS, runs: int = 1) -> Result:
    """A fresh city on Apache Kafka for each run; the synthetic city acts in it as fast as it is
    answered.

    value: commands/s over the whole run, waiting for the board included. limit: commands/s if every
    core did nothing else than what one command cost in this run; the rest of the time is waiting.
    rest_s: of cpu_s, what the same time would have cost without any command.
    """
    made = [asyncio.run(_one(elders, days)) for _ in range(runs)]
    best = max(made, key=lambda one: one["commands_per_s"])
    cores = os.cpu_count() or 1
    limit = cores * best["commands"] / sum(best["cpu_s"].values())
    return {
        "name": "city",
        "value": best["commands_per_s"],
        "unit": "commands/s",
        "limit": round(limit, 1),
        "ratio": round(best["commands_per_s"] / limit, 3),
        "runs": [one["commands_per_s"] for one in made],
        "machine": f"{cores} cores, {platform.machine()}, everything on it",
        "made_of": best,
    }


class Measured(TypedDict):
    """One run. cpu_s: by process. rest_s: of it, what the time alone would have cost. grown: bytes,
    flushes and µs of work. shares: of each service in
    the events.
    """

    commands_per_s: float
    events_per_s: float
    commands: int
    events: int
    seconds: float
    elders: int
    days: int
    differences: int
    exit_code: int
    cpu_s: dict[str, float]
    rest_s: dict[str, float]
    grown: dict[str, int]
    shares: dict[str, float]


async def _one(elders: int, days: int) -> Measured:
    asyncio.get_running_loop().set_default_executor(ThreadPoolExecutor(LOOKS))
    with tempfile.TemporaryDirectory(prefix="eldercare-bench-") as scratch:
        state = State(Path(scratch) / "state")
        state.open()
        city = City(state, CityOptions(kafka="apache", port=0), say)
        try:
            await city.up()
            resting = _cpu_s(city)
            await asyncio.sleep(REST_S)
            before, stored = _cpu_s(city), await _stored(city)
            began, own = time.monotonic(), os.times()
            code = await simulate(city.gateway, state.folder, elders=elders, days=days, seed=SEED)
            seconds = time.monotonic() - began
            comparison = json.loads((state.folder / "comparison.json").read_text())
            simulator_s = sum(os.times()[2:4]) - sum(own[2:4])
            used = {
                name: round(cpu_s - before[name], 1) for name, cpu_s in _cpu_s(city).items()
            } | {"simulator": round(simulator_s, 1)}
            rest = {
                name: round((cpu_s - resting[name]) / REST_S * seconds, 1)
                for name, cpu_s in before.items()
            }
            grown = {name: now - stored[name] for name, now in (await _stored(city)).items()}
            published = {
                name: int(child.status.get("emitted") or 0)
                for name, child in city.supervisor.children.items()
                if child.status
            }
            emitted = sum(published.values())
        finally:
            await city.down()
            state.close()
    return {
        "commands_per_s": round(comparison["commands"] / seconds, 1),
        "events_per_s": round(emitted / seconds, 1),
        "commands": comparison["commands"],
        "events": emitted,
        "seconds": round(seconds, 1),
        "elders": elders,
        "days": days,
        "differences": len(comparison["differences"]),
        "exit_code": code,
        "cpu_s": used,
        "rest_s": rest,
        "grown": grown,
        "shares": {name: round(count / max(1, emitted), 3) for name, count in published.items()},
    }


async def _stored(city: City) -> dict[str, int]:
    """Bytes of the log of PostgreSQL, of each database and of Kafka, flushes of that log, and µs of
    work in each database.
    """
    assert city.endpoints is not None
    connection = await asyncpg.connect(city.endpoints.postgres)
    try:
        stored: dict[str, int] = {
            "wal_bytes": int(
                await connection.fetchval("select pg_wal_lsn_diff(pg_current_wal_lsn(), '0/0')")
            ),
            "wal_flushes": int(
                await connection.fetchval("select sum(fsyncs) from pg_stat_io where object = 'wal'")
            ),
        }
        for name, size, active_ms in await connection.fetch(
            "select datname, pg_database_size(datname), active_time from pg_stat_database "
            "where datname = any($1::text[])",
            present(),
        ):
            stored |= {f"{name}_bytes": int(size), f"{name}_us": int(active_ms * 1000)}
    finally:
        await connection.close()
    logs = (city.state.folder / "kafka" / "logs").rglob("*.log")
    return stored | {
        "kafka_bytes": await asyncio.to_thread(
            lambda: sum(path.stat().st_blocks * 512 for path in logs)
        )
    }


def _cpu_s(city: City) -> dict[str, float]:
    city.supervisor.measure()
    return {
        child.name: child.past_cpu_s + child.cpu_s for child in city.supervisor.children.values()
    }
