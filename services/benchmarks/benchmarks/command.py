"""How many commands one process answers, by the ORM and as a hot flow, beside the same rows written
raw; `eldercare bench command`.

A durable PostgreSQL and the server are processes of their own; 16 clients of this one wait for each
answer before they ask again.
"""

import asyncio
import base64
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any
from uuid import UUID

import asyncpg
import grpc
import psutil
import uvloop
from buf.validate import validate_pb2
from eldercare import options_pb2
from google.protobuf import descriptor_pb2, descriptor_pool, message_factory
from sqlmodel import Field

from benchmarks.outbox import machine
from devservers.postgres import Postgres
from kit.contracts import ids
from kit.contracts.clock import Clock
from kit.db import migrations
from kit.db.personal import KeyRing
from kit.db.raw_session import RawSession
from kit.db.store import Session, Store
from kit.db.tables import TableBase
from kit.messaging import outbox
from kit.rpc import idempotency
from kit.rpc.methods import Call
from kit.rpc.server import Server
from kit.security.identity import Identity

CLIENTS, PEBBLES, SECONDS, WARM_S = 16, 2000, 6.0, 2.0
GOALS = {"Push": (450, 60), "PushHot": (900, 60)}
PACKAGE = "eldercare.bench.v1"


def _contract() -> None:
    file = descriptor_pb2.FileDescriptorProto(
        name="eldercare/bench/v1/api.proto", package=PACKAGE, syntax="proto3"
    )
    file.dependency.extend(["eldercare/options.proto", "buf/validate/validate.proto"])
    for name in ("PushPebble", "PebblePushed"):
        message = file.message_type.add(name=name)
        for number, (field, kind) in enumerate((("pebble_id", 9), ("metres", 5), ("note", 9)), 1):
            message.field.add(name=field, number=number, type=kind, label=1)
        message.field[0].options.Extensions[validate_pb2.field].string.uuid = True
        message.field[1].options.Extensions[validate_pb2.field].int32.gte = 0
        message.field[2].options.Extensions[validate_pb2.field].string.max_len = 200
    message.options.Extensions[options_pb2.event].CopyFrom(
        options_pb2.Event(topic="pebble", key="pebble_id")
    )
    service = file.service.add(name="Pebbles")
    for name in GOALS:
        method = service.method.add(
            name=name, input_type=f".{PACKAGE}.PushPebble", output_type=f".{PACKAGE}.PebblePushed"
        )
        method.options.Extensions[options_pb2.access].CopyFrom(
            options_pb2.Access(roles=["operator"], writes=True)
        )
    descriptor_pool.Default().Add(file)


_contract()
PushPebble, PebblePushed = (
    message_factory.GetMessageClass(
        descriptor_pool.Default().FindMessageTypeByName(f"{PACKAGE}.{name}")
    )
    for name in ("PushPebble", "PebblePushed")
)
CHANGED = "update benchpebble set metres = $1, version = $2 where pebble_id = $3 and version = $4"


class BenchPebble(TableBase, table=True):
    """The aggregate that is pushed."""

    pebble_id: UUID = Field(primary_key=True)
    version: int = 0
    metres: int = 0


class Pebbles:
    """The same command in both forms."""

    service = f"{PACKAGE}.Pebbles"

    async def Push(self, request: Any, session: Session, call: Call) -> Any:
        row = await session.get_locked(BenchPebble, UUID(request.pebble_id))
        row.metres += request.metres
        return outbox.emit(
            session,
            PebblePushed(pebble_id=request.pebble_id, metres=row.metres, note=request.note),
            row,
        )

    @idempotency.raw
    async def PushHot(self, request: Any, session: RawSession, call: Call) -> Any:
        pebble_id = UUID(request.pebble_id)
        row = await session.fetchrow(
            "select version, metres from benchpebble where pebble_id = $1", pebble_id
        )
        metres, version = row["metres"] + request.metres, row["version"]
        session.write(CHANGED, metres, version + 1, pebble_id, version)
        return outbox.emit(
            session,
            PebblePushed(pebble_id=request.pebble_id, metres=metres, note=request.note),
            sequence=version + 1,
        )


def run(runs: int = 3, seconds: float = SECONDS) -> dict[str, Any]:
    """Measures both forms `runs` times; the value is the median of answers per second by the ORM,
    `hot` that of the hot flow.
    """
    from testkit.identity import Issuer

    issuer = Issuer()
    issuer.start()
    with tempfile.TemporaryDirectory(prefix="bench-") as folder:
        cluster = Postgres(Path(folder) / "postgres")
        cluster.start()
        server = None
        try:
            migrations.upgrade(cluster.dsn(), "kit")
            pebbles = uvloop.run(_fill(cluster.dsn()))
            server = subprocess.Popen(
                [
                    sys.executable,
                    "-m",
                    "benchmarks.command",
                    cluster.dsn(),
                    issuer.url,
                    issuer.keys_url,
                ],
                stdout=subprocess.PIPE,
                text=True,
            )
            assert server.stdout is not None
            address = f"127.0.0.1:{int(server.stdout.readline())}"
            measured: dict[str, list[tuple[float, ...]]] = {name: [] for name in ("raw", *GOALS)}
            for _ in range(runs):
                measured["raw"].append(uvloop.run(_raw(cluster.dsn(), pebbles, seconds)))
                for method in GOALS:
                    before = _used(server.pid)
                    asked = uvloop.run(
                        _asked(address, method, issuer.token(life_s=3600), pebbles, seconds)
                    )
                    measured[method].append(
                        (*asked[:2], 1000 * (_used(server.pid) - before) / asked[2])
                    )
        finally:
            if server is not None:
                server.terminate()
                server.wait()
            cluster.stop()
            issuer.stop()
    return _facts(measured)


def _used(pid: int) -> float:
    """CPU seconds that a process has used."""
    times = psutil.Process(pid).cpu_times()
    return times.user + times.system


def _facts(measured: dict[str, list[tuple[float, ...]]]) -> dict[str, Any]:
    limit = round(statistics.median(speed for speed, *_ in measured["raw"]))
    facts = {}
    for method, (goal, goal_ms) in GOALS.items():
        value, p99_ms, cpu_ms = (
            statistics.median(column) for column in zip(*measured[method], strict=True)
        )
        facts[method] = {
            "value": round(value),
            "p99_ms": round(p99_ms, 1),
            "cpu_ms": round(cpu_ms, 2),
            "ratio": round(value / limit, 3),
            "goal": goal,
            "goal_p99_ms": goal_ms,
            "runs": [
                [round(speed), round(p99, 1), round(cpu, 2)] for speed, p99, cpu in measured[method]
            ],
        }
    return {
        "name": "command",
        "unit": "answers/s",
        "limit": limit,
        **facts["Push"],
        "hot": facts["PushHot"],
        "machine": machine(),
        "made_of": f"{CLIENTS} clients; per command: token, validation, "
        "row loaded for update and changed (hot: read, changed by version),"
        " event validated and inserted, answer sealed and inserted, synchronous commit; no relay."
        " limit: begin, select for update, update, two inserts, commit by asyncpg, no gRPC, "
        "nothing validated or sealed;"
        " cpu_ms: of the server's process per command",
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


async def _loaded(
    once: Callable[[int, int], Awaitable[None]], seconds: float
) -> tuple[float, float, int]:
    """Answers per second, the 99th percentile of their time in ms, answers warming up included;
    `once(client, n)` asks and waits.
    """
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
    return len(took) / seconds, statistics.quantiles(took, n=100)[98] * 1000, asked


async def _asked(
    address: str, method: str, token: str, pebbles: list[UUID], seconds: float
) -> tuple[float, float, int]:
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


async def _raw(dsn: str, pebbles: list[UUID], seconds: float) -> tuple[float, float, int]:
    pool = await asyncpg.create_pool(dsn, min_size=8, max_size=8)
    payload, headers = b"p" * 60, "{" + " " * 560 + "}"

    async def once(client: int, n: int) -> None:
        pebble = pebbles[(n * CLIENTS + client) % PEBBLES]
        async with pool.acquire() as connection, connection.transaction():
            row = await connection.fetchrow(
                "select version, metres from benchpebble where pebble_id = $1 for update", pebble
            )
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


async def _serve(dsn: str, issuer: str, keys_url: str) -> None:
    key = base64.b64encode(bytes(range(32))).decode()
    store = Store(dsn, service="bench", clock=Clock(), vault=KeyRing(f"bench:{key}", None))
    server = Server(
        [Pebbles()],
        store=store,
        identity=Identity(issuer=issuer, audience="eldercare", keys_url=keys_url),
    )
    sys.stdout.write(f"{await server.start()}\n")
    sys.stdout.flush()
    await asyncio.Event().wait()


if __name__ == "__main__":
    uvloop.run(_serve(*sys.argv[1:4]))
