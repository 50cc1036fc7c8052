"""Measures what a flood does to others: commands of 20 innocent clients, on a quiet gateway and
while 500 connections stay half open and 500 polls of the feed are idle.

A command that is refused ends the benchmark with its answer.
"""

import asyncio
import contextlib
import os
from collections import Counter
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from datetime import date, timedelta
from itertools import cycle

import httpx
import uvloop

from benchmarks.gateway import load
from benchmarks.gateway.system import System, system
from benchmarks.outbox import machine
from benchmarks.registry import Result
from kit.contracts import areas, ids, numbers

CLIENTS, PER_S = 20, 20.0
HALF_OPEN, POLLS, FIRMS = 500, 500, 50
WARM_S = 5.0
Flood = Counter[str]  # answers to those who flood, by status; "closed" where there was none
GOAL = {"ratio": 3, "refused": 0}
HALVES = (
    b"GET /v1/elders HTTP/1.1\r\nHost: ben",
    b"POST /v1/elders HTTP/1.1\r\nHost: bench\r\nContent-Length: 1000\r\n",
    b"POST /token HTTP/1.1\r\nHost: bench\r\nContent-Length: 1000\r\n\r\ngrant_type=",
)


def run(seconds: float = 60.0) -> Result:
    """Quiet first, then flooded, each for so long."""
    with system() as running:
        return uvloop.run(_measured(running, seconds))


async def _measured(running: System, seconds: float) -> Result:
    port = running.ports["whole"]
    async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}", timeout=30) as http:
        official = await _token(http, "city")
        firms = await _firms(http, await _token(http, "operator"))
    commands = _commands(official)
    quiet = await _work(port, commands, seconds)
    async with _flood(port, firms) as flood:
        flooded = await _work(port, commands, seconds)
    return {
        "name": "flood",
        "value": round(flooded.p99_ms / quiet.p99_ms, 2),
        "unit": "p99 flooded / p99 quiet",
        "quiet_p99_ms": round(quiet.p99_ms, 1),
        "flooded_p99_ms": round(flooded.p99_ms, 1),
        "late_p99_ms": [round(quiet.late_p99_ms, 1), round(flooded.late_p99_ms, 1)],
        "per_s": [round(quiet.per_s, 1), round(flooded.per_s, 1)],
        "refused": 0,
        "flood": dict(flood),
        "goal": GOAL,
        "load": [round(one, 1) for one in os.getloadavg()],
        "machine": machine(),
        "made_of": (
            f"{CLIENTS} connections register {PER_S:g} elders a second for {seconds:g} s, counted "
            f"from when each was due; {HALF_OPEN} connections that send half a request and come "
            f"again when they are cut off, {POLLS} polls of {FIRMS} firms for 30 s each, which "
            "come again as Retry-After says; all from one address"
        ),
    }


async def _token(http: httpx.AsyncClient, username: str) -> str:
    form = {"grant_type": "password", "username": username, "password": "demo"}
    granted = await http.post("/token", data=form)
    return str(granted.raise_for_status().json()["access_token"])


async def _firms(http: httpx.AsyncClient, operator: str) -> list[str]:
    firms = [str(ids.new()) for _ in range(FIRMS)]
    people = [{"sub": firm, "roles": ["provider"], "organisation_id": firm} for firm in firms]
    minted = await http.post(
        "/onebox/tokens",
        json={"people": people},
        headers={"Authorization": f"Bearer {operator}"},
    )
    return [str(token) for token in minted.raise_for_status().json()["tokens"]]


def _commands(token: str) -> Iterator[bytes]:
    home = areas.load().within("341102000000", areas.COMMUNITY)[0].code
    n = 0
    while True:
        serial, day = divmod(n, 7000)
        digits = f"341102{date(1940, 1, 1) + timedelta(days=day):%Y%m%d}{500 + serial:03}"
        number = digits + numbers.resident_check(digits)
        n += 1
        body = (
            f'{{"name": "李小明", "id_number": "{number}", "area_code": "{home}", '
            '"living": "LIVING_ALONE", "local_register": true, "another_person": true}'
        ).encode()
        yield (
            f"POST /v1/elders HTTP/1.1\r\nHost: bench\r\nAuthorization: Bearer {token}\r\n"
            f"Idempotency-Key: {ids.new()}\r\nContent-Type: application/json\r\n"
            f"Content-Length: {len(body)}\r\n\r\n"
        ).encode() + body


async def _work(port: int, commands: Iterator[bytes], seconds: float) -> load.Measured:
    count = int(PER_S * (seconds + WARM_S)) + 1
    return await load.paced(
        port,
        [next(commands) for _ in range(count)],
        per_s=PER_S,
        connections=CLIENTS,
        seconds=seconds,
        warm_s=WARM_S,
    )


@asynccontextmanager
async def _flood(port: int, firms: list[str]) -> AsyncIterator[Flood]:
    flood: Flood = Counter()
    tokens = cycle(firms)
    tasks = [asyncio.create_task(_half(port, HALVES[n % 3], flood)) for n in range(HALF_OPEN)]
    tasks += [asyncio.create_task(_poll(port, next(tokens), flood)) for _ in range(POLLS)]
    try:
        yield flood
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def _half(port: int, begun: bytes, flood: Flood) -> None:
    """Sends half a request, waits until it is cut off, and begins again."""
    while True:
        await _answered(port, begun, flood)


async def _poll(port: int, token: str, flood: Flood) -> None:
    request = (
        f"GET /v1/feed?wait=30 HTTP/1.1\r\nHost: bench\r\nConnection: close\r\n"
        f"Authorization: Bearer {token}\r\n\r\n"
    ).encode()
    while True:
        if pause_s := await _answered(port, request, flood):
            await asyncio.sleep(pause_s)


async def _answered(port: int, request: bytes, flood: Flood) -> float:
    """Sends it on a connection of its own; returns the seconds of `Retry-After`."""
    answer = b""
    try:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(request)
        with contextlib.closing(writer):
            answer = await reader.read()
    except OSError:
        await asyncio.sleep(0.1)
    head = answer.partition(b"\r\n\r\n")[0].decode("latin-1").lower()
    flood[head[9:12] or "closed"] += 1
    _, there, pause = head.partition("retry-after: ")
    return float(pause.split("\r\n")[0]) if there else 0.0
