"""Odd clients over real sockets: no body is lost."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack
from dataclasses import dataclass

import pytest
import pytest_asyncio
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from gateway import app

pytestmark = pytest.mark.timeout(60)

BODY = b'{"reached":true,"satisfied":true}'
# as Java's HttpClient sends it
H2C = b"Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABkAAQBAAAAAAIAAAAA\r\n"
SOON_S = 5.0  # far more than an answer takes on a crowded machine, far less than those in the way would stay


@dataclass
class Answer:
    status: int
    headers: dict[str, str]
    body: bytes


class Line:
    """One connection, byte by byte."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader, self.writer = reader, writer

    async def send(self, *pieces: bytes, pause_s: float = 0.0) -> "Line":
        for piece in pieces:
            self.writer.write(piece)
            await self.writer.drain()
            await asyncio.sleep(pause_s)
        return self

    async def answer(self) -> Answer:
        async with asyncio.timeout(SOON_S):
            first, *lines = (await self.reader.readuntil(b"\r\n\r\n")).decode().strip().split("\r\n")
            headers = {name.lower(): value for name, _, value in (line.partition(": ") for line in lines)}
            return Answer(int(first.split()[1]), headers, await self.reader.readexactly(int(headers.get("content-length", 0))))

    def close(self) -> None:
        self.writer.close()


@dataclass
class Running:
    """The server as the gateway starts it. heard: the bodies that reached a route."""

    port: int
    heard: list[bytes]
    lines: list[Line]

    async def line(self) -> Line:
        self.lines.append(Line(*await asyncio.open_connection("127.0.0.1", self.port)))
        return self.lines[-1]

    async def ask(self, *pieces: bytes, pause_s: float = 0.0) -> Answer:
        """The answer on a connection of its own."""
        return await (await (await self.line()).send(*pieces, pause_s=pause_s)).answer()


Serve = Callable[..., Awaitable[Running]]


@pytest_asyncio.fixture
async def serve() -> AsyncIterator[Serve]:
    """`await serve()` = the gateway around one route."""
    async with AsyncExitStack() as ends:
        async def served() -> Running:
            heard: list[bytes] = []

            async def echo(request: Request) -> Response:
                heard.append(await request.body())
                return Response(heard[-1])

            server = app.server(app.app([Route("/v1/echo", echo, methods=["POST"])], concurrency=8, body_bytes=1 << 20), "127.0.0.1:0")
            running = asyncio.create_task(server.serve())
            while not server.started:  # noqa: ASYNC110 – uvicorn tells by this alone
                await asyncio.sleep(0.01)
            made = Running(server.servers[0].sockets[0].getsockname()[1], heard, [])

            async def stop() -> None:
                for line in made.lines:
                    line.close()
                server.should_exit = True
                await running

            ends.push_async_callback(stop)
            return made

        yield served


def post(path: str = "/v1/echo", more: bytes = b"", *, length: int | None = len(BODY)) -> bytes:
    """The header of a request with a body. length: None for a body in chunks."""
    framing = f"Content-Length: {length}" if length is not None else "Transfer-Encoding: chunked"
    return f"POST {path} HTTP/1.1\r\nHost: gateway\r\n{framing}\r\n".encode() + more + b"\r\n"


def chunked(*parts: bytes) -> bytes:
    return b"".join(b"%x\r\n%s\r\n" % (len(part), part) for part in (*parts, b""))


@pytest.mark.parametrize("framing", ["length", "chunks"])
@pytest.mark.parametrize("pieces", ["at once", "header first", "byte by byte"])
@pytest.mark.parametrize("wish", [
    b"", H2C, b"Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n",
    b"Connection: keep-alive, upgrade\r\nUpgrade: TLS/1.2, foo\r\n", b"Upgrade: h2c\r\n", b"Connection: Upgrade\r\n",
], ids=["none", "h2c", "websocket", "others", "no Connection", "no Upgrade"])
async def test_a_body_arrives_whole_whatever_the_client_would_rather_speak(serve: Serve, wish: bytes, pieces: str, framing: str) -> None:
    running = await serve()
    header = post(more=wish, length=None if framing == "chunks" else len(BODY))
    body = chunked(BODY[:7], BODY[7:]) if framing == "chunks" else BODY
    whole = header + body
    line = await running.line()

    for n in range(1, 3):  # the connection goes on after it
        await line.send(*{
            "at once": [whole], "header first": [header, body], "byte by byte": [whole[at : at + 1] for at in range(len(whole))],
        }[pieces])
        answer = await line.answer()
        assert (answer.status, answer.body, running.heard) == (200, BODY, [BODY] * n)


async def test_requests_in_one_piece_are_answered_in_turn(serve: Serve) -> None:
    running = await serve()
    line = await (await running.line()).send((post(more=H2C) + BODY + post() + BODY) * 20)

    assert [(await line.answer()).body for _ in range(40)] == [BODY] * 40
    assert running.heard == [BODY] * 40


@pytest.mark.parametrize("wish", [b"", H2C], ids=["alone", "with h2c"])
async def test_who_waits_to_be_told_is_told_to_go_on(serve: Serve, wish: bytes) -> None:
    running = await serve()
    line = await (await running.line()).send(post("/v1/echo", b"Expect: 100-continue\r\n" + wish))

    assert (await line.answer()).status == 100
    assert (await (await line.send(BODY)).answer()).body == BODY


@pytest.mark.parametrize("request_", [
    b"CONNECT gateway:80 HTTP/1.1\r\nHost: gateway\r\nContent-Length: 33\r\n\r\n" + BODY, b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
    b"\x16\x03\x01\x02\x00", post(length=None) + b"zz\r\n" + BODY, post(more=b"Transfer-Encoding: chunked\r\n") + chunked(BODY),
    post(more=b"Content-Length: 5\r\n") + BODY,
], ids=["CONNECT", "HTTP/2", "TLS", "no chunk", "two framings", "two lengths"])
async def test_what_cannot_be_read_is_refused_and_reaches_nobody(serve: Serve, request_: bytes) -> None:
    running = await serve()

    assert (await running.ask(request_)).status == 400
    assert running.heard == []
