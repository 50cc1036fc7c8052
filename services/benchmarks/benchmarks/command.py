"""How many commands one process answers, by the ORM and as a hot flow, beside the same rows written
raw; `eldercare bench command`.

A durable PostgreSQL and the server are processes of their own; 16 clients of this one wait for each
answer before they ask again.
"""

import asyncio
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple
from uuid import UUID

import asyncpg
import grpc
import psutil
import uvloop

from benchmarks.outbox import machine
from benchmarks.pebbles import CHANGED, READ, PebblePushed, Pebbles, PushPebble
from benchmarks.registry import Result
from devservers.postgres import Postgres
from kit.contracts import ids
from kit.db import migrations

CLIENTS, PEBBLES, SECONDS, WARM_S = 16, 2000, 6.0, 2.0
GOALS = {"Push": (450, 60), "PushHot": (900, 60)}


class Load(NamedTuple):
    """What came of a load. answers: warming up included. cpu_ms: of the server, for an answer."""

    per_s: float
    p99_ms: float
    answers: int
    cpu_ms: float = 0.0


def run(runs: int = 3, seconds: float = SECONDS) -> Result:
    """Measures both forms `runs` times; the value is the median of answers per second by the ORM,
    `hot` that of the hot flow.
    """
    from testkit.identity import Issuer

    issuer = Issuer()
    issuer.start()
    raw: list[Load] = []
    asked: dict[str, list[Load]] = {method: [] for method in GOALS}
    with tempfile.TemporaryDirectory(prefix="bench-") as folder:
        cluster = Postgres(Path(folder) / "postgres")
        cluster.start()
        try:
            migrations.upgrade(cluster.dsn(), "kit")
            pebbles = uvloop.run(_fill(cluster.dsn()))
            with _serving(cluster.dsn(), issuer.url, issuer.keys_url) as (server, address):
                for _ in range(runs):
                    raw.append(uvloop.run(_raw(cluster.dsn(), pebbles, seconds)))
                    for method in GOALS:
                        token = issuer.token(life_s=3600)
                        before_s = _used_s(server)
                        load = uvloop.run(_asked(address, method, token, pebbles, seconds))
                        cpu_ms = 1000 * (_used_s(server) - before_s) / load.answers
                        asked[method].append(load._replace(cpu_ms=cpu_ms))
        finally:
            cluster.stop()
            issuer.stop()
    return _result(raw, asked)


@contextmanager
def _serving(dsn: str, issuer: str, keys_url: str) -> Iterator[tuple[psutil.Process, str]]:
    """The server's process and where it answers, until the block ends."""
    command = [sys.executable, "-m", "benchmarks.pebbles", dsn, issuer, keys_url]
    server = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    assert server.stdout is not None
    try:
        port = int(server.stdout.readline())
        yield psutil.Process(server.pid), f"127.0.0.1:{port}"
    finally:
        server.terminate()
        server.wait()


def _used_s(process: psutil.Process) -> float:
    """CPU seconds that a process has used."""
    times = process.cpu_times()
    return times.user + times.system


def _result(raw: list[Load], asked: dict[str, list[Load]]) -> Result:
    limit = round(statistics.median(load.per_s for load in raw))
    push, hot = (_figures(method, loads, limit) for method, loads in asked.items())
    return {
        "name": "command",
        "unit": "answers/s",
        "limit": limit,
        **push,
        "hot": hot,
        "machine": machine(),
        "made_of": f"{CLIENTS} clients; per command: token, validation, "
        "row loaded for update and changed (hot: read, changed by version),"
        " event validated and inserted, answer sealed and inserted, synchronous commit; no relay."
        " limit: begin, select for update, update, two inserts, commit by asyncpg, no gRPC, "
        "nothing validated or sealed;"
        " cpu_ms: of the server's process per command",
    }


def _figures(method: str, loads: list[Load], limit: int) -> Result:
    goal, goal_ms = GOALS[method]
    value = statistics.median(load.per_s for load in loads)
    return {
        "value": round(value),
        "p99_ms": round(statistics.median(load.p99_ms for load in loads), 1),
        "cpu_ms": round(statistics.median(load.cpu_ms for load in loads), 2),
        "ratio": round(value / limit, 3),
        "goal": goal,
        "goal_p99_ms": goal_ms,
        "runs": [
            [round(load.per_s), round(load.p99_ms, 1), round(load.cpu_ms, 2)] for load in loads
        ],
    }


async def _fill(dsn: str) -> list[UUID]:
    pebbles = [ids.new() for _ in range(PEBBLES)]
    connection = await asyncpg.connect(dsn)
    await connection.execute(
        "create table benchpebble "
        "(pebble_id uuid primary key, version int not null, metres int not null)"
    )
    await connection.executemany(
        "insert into benchpebble values ($1, 0, 0)", [(pebble,) for pebble in pebbles]
    )
    await connection.close()
    return pebbles


async def _loaded(once: Callable[[int, int], Awaitable[None]], seconds: float) -> Load:
    """The load of all clients; `once(client, n)` asks and waits."""
    took: list[float] = []
    asked = 0
    counting = time.perf_counter() + WARM_S
    end = counting + seconds

    async def client(number: int) -> None:
        nonlocal asked
        n = 0
        while (began := time.perf_counter()) < end:
            await once(number, n)
            n += 1
            asked += 1
            if began >= counting:
                took.append(time.perf_counter() - began)

    await asyncio.gather(*(client(number) for number in range(CLIENTS)))
    return Load(len(took) / seconds, statistics.quantiles(took, n=100)[98] * 1000, asked)


async def _asked(
    address: str, method: str, token: str, pebbles: list[UUID], seconds: float
) -> Load:
    async with grpc.aio.insecure_channel(address) as channel:
        call = channel.unary_unary(
            f"/{Pebbles.service}/{method}",
            request_serializer=PushPebble.SerializeToString,
            response_deserializer=PebblePushed.FromString,
        )

        async def once(client: int, n: int) -> None:
            pebble = pebbles[(n * CLIENTS + client) % PEBBLES]
            metadata = (("authorization", f"Bearer {token}"), ("idempotency-key", str(ids.new())))
            await call(
                PushPebble(pebble_id=str(pebble), metres=1, note="as far as it rolls"),
                metadata=metadata,
                timeout=10,
            )

        return await _loaded(once, seconds)


async def _raw(dsn: str, pebbles: list[UUID], seconds: float) -> Load:
    pool = await asyncpg.create_pool(dsn, min_size=8, max_size=8)
    payload, headers = b"p" * 60, "{" + " " * 560 + "}"

    async def once(client: int, n: int) -> None:
        pebble = pebbles[(n * CLIENTS + client) % PEBBLES]
        async with pool.acquire() as connection, connection.transaction():
            row = await connection.fetchrow(f"{READ} for update", pebble)
            await connection.execute(
                CHANGED, row["metres"] + 1, row["version"] + 1, pebble, row["version"]
            )
            await connection.execute(
                "insert into outbox (part, id, topic, key, headers, payload, recorded_at) "
                "values (0, $1, 't', $2, $3, $4, now())",
                ids.new(),
                str(pebble),
                headers,
                payload,
            )
            await connection.execute(
                "insert into command values ('raw', 'raw', $1, $2, $3, now())",
                str(ids.new()),
                payload[:16],
                payload,
            )

    try:
        return await _loaded(once, seconds)
    finally:
        await pool.close()
