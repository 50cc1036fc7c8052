"""Who can log in to a demo city is printed where its addresses are."""

import asyncio
import json
from collections.abc import AsyncIterator

import pytest_asyncio
from rich.console import Console

from city.box.board import logins
from city.box.foreground import demo_users

USERS = [
    {
        "username": "city",
        "title": "滁州市民政局 City civil affairs",
        "roles": ["official", "inspector"],
        "area": "341100000000",
    },
    {"username": "family", "title": "家属 Family", "roles": ["family"], "area": None},
]


@pytest_asyncio.fixture
async def gateway() -> AsyncIterator[str]:
    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = await reader.readuntil(b"\r\n\r\n")
        body = (
            json.dumps({"users": USERS}).encode()
            if head.startswith(b"GET /onebox/users ")
            else b"{}"
        )
        writer.write(b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\nconnection: close\r\n")
        writer.write(b"content-length: %d\r\n\r\n%s" % (len(body), body))
        await writer.drain()
        writer.close()

    server = await asyncio.start_server(answer, "127.0.0.1", 0)
    yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    server.close()
    await server.wait_closed()


async def test_each_demo_user_is_listed_with_its_roles(gateway: str) -> None:
    console = Console(record=True, width=120)
    console.print(logins(await demo_users(gateway)))

    lines = [line.split() for line in console.export_text().splitlines()]
    assert [
        "city",
        "official,",
        "inspector",
        "滁州市民政局",
        "City",
        "civil",
        "affairs",
        "341100000000",
    ] in lines
    assert ["family", "family", "家属", "Family"] in lines


async def test_a_gateway_that_does_not_answer_keeps_nobody_waiting() -> None:
    assert await demo_users("http://127.0.0.1:9") == []
