"""Greedy, slow and odd clients over real sockets: no body is lost, and whoever takes too much does
not stop the others.
"""

import asyncio
import json
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack
from dataclasses import dataclass
from typing import Any

import pytest
import pytest_asyncio
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ed25519
from pydantic import SecretStr
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from gateway.calls import api as calls
from gateway.feed import api as feed
from gateway.feed.cursors import Cursors
from gateway.http import app, connections
from gateway.http.limits import FORM_BYTES, Bounds
from gateway.issuer import api as built_in
from gateway.issuer.tokens import Issuer as BuiltInIssuer
from gateway.settings import Settings
from kit.contracts import ids
from kit.contracts.clock import Clock
from kit.db.store import Store
from kit.observability import names
from kit.security.identity import Identity
from testkit.databases import Databases
from testkit.identity import Issuer

pytestmark = pytest.mark.timeout(60)

BODY = b'{"reached":true,"satisfied":true}'
# as Java's HttpClient sends it
H2C = (
    b"Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: "
    b"AAMAAABkAAQBAAAAAAIAAAAA\r\n"
)
# far more than an answer takes on a crowded machine, far less than those in the way would stay
SOON_S = 5.0


@dataclass
class Answer:
    status: int
    headers: dict[str, str]
    body: bytes

    def problem(self) -> tuple[int, str]:
        """Status and reason of a problem document that agrees with itself."""
        assert self.headers["content-type"] == "application/problem+json"
        document = json.loads(self.body)
        assert (document["status"], document["type"]) == (
            self.status,
            f"/problems/{document['reason'].lower().replace('_', '-')}",
        )
        return self.status, document["reason"]


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
            first, *lines = (
                (await self.reader.readuntil(b"\r\n\r\n")).decode().strip().split("\r\n")
            )
            headers = {
                name.lower(): value for name, _, value in (line.partition(": ") for line in lines)
            }
            return Answer(
                int(first.split()[1]),
                headers,
                await self.reader.readexactly(int(headers.get("content-length", 0))),
            )

    async def closed(self) -> bool:
        """True when the server has closed it; False where it stays open."""
        try:
            async with asyncio.timeout(SOON_S):
                return await self.reader.read() == b""
        except ConnectionResetError:
            return True
        except TimeoutError:
            return False

    def close(self) -> None:
        self.writer.close()


@dataclass
class Running:
    """The server as the gateway starts it. received: the bodies that reached a route."""

    port: int
    received: list[bytes]
    lines: list[Line]

    async def line(self) -> Line:
        self.lines.append(Line(*await asyncio.open_connection("127.0.0.1", self.port)))
        return self.lines[-1]

    async def ask(self, *pieces: bytes, pause_s: float = 0.0) -> Answer:
        """The answer on a connection of its own."""
        return await (await (await self.line()).send(*pieces, pause_s=pause_s)).answer()


Serve = Callable[..., Awaitable[Running]]


@pytest_asyncio.fixture
async def serve(identity: Identity) -> AsyncIterator[Serve]:
    """`await serve(client_polls=2)` = the gateway around a few routes within these bounds; what is
    not named is as usual.
    """
    async with AsyncExitStack() as ends:

        async def served(*more: Route, **given: Any) -> Running:
            received: list[bytes] = []

            async def echo(request: Request) -> Response:
                received.append(await request.body())
                return Response(received[-1])

            api = [
                *more,
                Route("/v1/echo", echo, methods=["POST"]),
                Route("/v1/elder-imports", echo, methods=["POST"]),
            ]
            bounds = Bounds(**given)
            server = app.server(app.app(api, bounds, identity=identity), "127.0.0.1:0", bounds)
            running = asyncio.create_task(server.serve())
            while not server.started:  # noqa: ASYNC110 – uvicorn tells by this alone
                await asyncio.sleep(0.01)
            made = Running(server.servers[0].sockets[0].getsockname()[1], received, [])

            async def stop() -> None:
                for line in made.lines:
                    line.close()
                server.should_exit = True
                await running

            ends.push_async_callback(stop)
            return made

        yield served


@pytest.fixture
def tokens(identity: Identity) -> list[Route]:
    """The routes of the built-in issuer, which knows one client; its grant needs no store."""
    pem = ed25519.Ed25519PrivateKey.generate().private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    own = BuiltInIssuer.from_settings(
        "http://gateway", "eldercare", SecretStr(pem.decode()), {"smoke": SecretStr("a secret")}
    )
    return built_in.routes(own, None, identity, one_box=False)  # type: ignore[arg-type]


@pytest.fixture
def guarded(identity: Identity) -> list[Route]:
    """The routes of a service's methods, for callers who get no further than the gateway."""
    return calls.routes(dict.fromkeys(["assessment"]), identity)  # type: ignore[arg-type]


@pytest.fixture
def as_firm(issuer: Issuer) -> Callable[[str], bytes]:
    """`as_firm(organisation_id)` = the header line of one of its workers."""

    def made(organisation: str) -> bytes:
        return (
            f"Authorization: Bearer {issuer.token(('worker',), organisation_id=organisation)}\r\n"
        ).encode()

    return made


def post(path: str = "/v1/echo", more: bytes = b"", *, length: int | None = len(BODY)) -> bytes:
    """The header of a request with a body. length: None for a body in chunks."""
    framing = f"Content-Length: {length}" if length is not None else "Transfer-Encoding: chunked"
    return f"POST {path} HTTP/1.1\r\nHost: gateway\r\n{framing}\r\n".encode() + more + b"\r\n"


def get(path: str, more: bytes = b"") -> bytes:
    return f"GET {path} HTTP/1.1\r\nHost: gateway\r\n".encode() + more + b"\r\n"


def chunked(*parts: bytes) -> bytes:
    return b"".join(b"%x\r\n%s\r\n" % (len(part), part) for part in (*parts, b""))


@pytest.mark.parametrize("framing", ["length", "chunks"])
@pytest.mark.parametrize("pieces", ["at once", "header first", "byte by byte"])
@pytest.mark.parametrize(
    "wish",
    [
        b"",
        H2C,
        b"Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: "
        b"13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n",
        b"Connection: keep-alive, upgrade\r\nUpgrade: TLS/1.2, foo\r\n",
        b"Upgrade: h2c\r\n",
        b"Connection: Upgrade\r\n",
    ],
    ids=["none", "h2c", "websocket", "others", "no Connection", "no Upgrade"],
)
async def test_a_body_arrives_whole_whatever_the_client_would_rather_speak(
    serve: Serve, wish: bytes, pieces: str, framing: str
) -> None:
    running = await serve()
    header = post(more=wish, length=None if framing == "chunks" else len(BODY))
    body = chunked(BODY[:7], BODY[7:]) if framing == "chunks" else BODY
    whole = header + body
    line = await running.line()

    for n in range(1, 3):  # the connection goes on after it
        await line.send(
            *{
                "at once": [whole],
                "header first": [header, body],
                "byte by byte": [whole[at : at + 1] for at in range(len(whole))],
            }[pieces]
        )
        answer = await line.answer()
        assert (answer.status, answer.body, running.received) == (200, BODY, [BODY] * n)


async def test_requests_in_one_piece_are_answered_in_turn(serve: Serve) -> None:
    running = await serve()
    line = await (await running.line()).send((post(more=H2C) + BODY + post() + BODY) * 20)

    assert [(await line.answer()).body for _ in range(40)] == [BODY] * 40
    assert running.received == [BODY] * 40


@pytest.mark.parametrize("wish", [b"", H2C], ids=["alone", "with h2c"])
async def test_who_waits_for_100_continue_gets_it(serve: Serve, wish: bytes) -> None:
    running = await serve()
    line = await (await running.line()).send(post("/v1/echo", b"Expect: 100-continue\r\n" + wish))

    assert (await line.answer()).status == 100
    assert (await (await line.send(BODY)).answer()).body == BODY


@pytest.mark.parametrize(
    "request_",
    [
        b"CONNECT gateway:80 HTTP/1.1\r\nHost: gateway\r\nContent-Length: 33\r\n\r\n" + BODY,
        b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
        b"\x16\x03\x01\x02\x00",
        post(length=None) + b"zz\r\n" + BODY,
        post(more=b"Transfer-Encoding: chunked\r\n") + chunked(BODY),
        post(more=b"Content-Length: 5\r\n") + BODY,
    ],
    ids=["CONNECT", "HTTP/2", "TLS", "no chunk", "two framings", "two lengths"],
)
async def test_what_cannot_be_read_is_refused_and_reaches_nobody(
    serve: Serve, request_: bytes
) -> None:
    running = await serve()

    assert (await running.ask(request_)).problem() == (400, "BAD_REQUEST")
    assert running.received == []


async def test_half_sent_requests_stop_nobody(
    serve: Serve,
    tokens: list[Route],
    guarded: list[Route],
    as_firm: Callable[[str], bytes],
) -> None:
    running = await serve(
        *tokens, *guarded, concurrency=8, client_concurrency=4, peer_concurrency=8
    )
    greedy = as_firm(str(ids.new()))
    for begun in (
        b"GET /v1/echo HTTP/1.1\r\nHost: gate",
        post("/v1/elders", length=1000),
        post("/v1/elders", length=1000) + b"{",
        post("/token", length=1000) + b"grant_type=",
        post("/token", length=None),
        post(more=greedy, length=1000) + b"{",
    ):
        for _ in range(50):
            await (await running.line()).send(begun)

    began = time.monotonic()
    command = await running.ask(post(more=as_firm(str(ids.new()))) + BODY)
    basic = (
        b"Authorization: Basic c21va2U6YSBzZWNyZXQ=\r\nContent-Type: "
        b"application/x-www-form-urlencoded\r\n"
    )
    granted = await running.ask(post("/token", basic, length=29) + b"grant_type=client_credentials")
    own_fault = await running.ask(post(more=greedy) + BODY)

    assert time.monotonic() - began < SOON_S
    assert (command.status, command.body, granted.status) == (200, BODY, 200)
    assert (own_fault.problem(), own_fault.headers["retry-after"]) == (
        (429, "TOO_MANY_REQUESTS"),
        "1",
    )


@pytest.mark.parametrize(
    "pieces",
    [[b"Host: gate"], [b"X-%d: x\r\n" % n for n in range(100)]],
    ids=["half", "drop by drop"],
)
async def test_a_slow_header_is_cut_off(serve: Serve, pieces: list[bytes]) -> None:
    line = await (await serve(header_s=0.3)).line()
    sending = asyncio.create_task(line.send(b"GET / HTTP/1.1\r\n", *pieces, pause_s=0.02))

    assert (await line.answer()).problem() == (408, "HEADER_TOO_SLOW")
    await asyncio.gather(sending, return_exceptions=True)
    assert await line.closed()


async def test_a_second_header_that_is_slow_is_cut_off(serve: Serve) -> None:
    line = await (await serve(header_s=0.3)).line()
    await (await line.send(post() + BODY)).answer()

    assert (await (await line.send(post()[:30])).answer()).problem() == (408, "HEADER_TOO_SLOW")


@pytest.mark.parametrize("path", ["/v1/echo", "/token"])
async def test_a_slow_body_is_cut_off(
    serve: Serve, tokens: list[Route], as_firm: Callable[[str], bytes], path: str
) -> None:
    running = await serve(*tokens, body_s=0.3)
    line = await (await running.line()).send(
        post(path, as_firm(str(ids.new())) if path == "/v1/echo" else b"", length=1000)
    )
    sending = asyncio.create_task(line.send(*[b"x"] * 100, pause_s=0.02))

    assert (await line.answer()).problem() == (408, "BODY_TOO_SLOW")
    sending.cancel()
    assert await line.closed()
    assert running.received == []


async def test_a_file_has_more_time_and_more_room(
    serve: Serve, as_firm: Callable[[str], bytes]
) -> None:
    running = await serve(body_s=0.2, json_bytes=1000, body_bytes=100_000)
    caller = as_firm(str(ids.new()))

    slow = await running.ask(
        post("/v1/elder-imports", caller, length=2000), b"x" * 1000, b"x" * 1000, pause_s=0.3
    )

    assert slow.status == 200
    assert (await running.ask(post("/v1/elder-imports", caller, length=100_001))).problem() == (
        413,
        "TOO_LARGE",
    )
    assert (await running.ask(post("/v1/echo", caller, length=1001))).problem() == (
        413,
        "TOO_LARGE",
    )


@pytest.mark.parametrize(
    "request_",
    [
        get("/", b"X: " + b"x" * (40 << 10) + b"\r\n"),
        get("/", b"X: y\r\n" * 10_000),
        get("/?" + "x" * (40 << 10)),
        get("/", b"X: " + b"x" * (10 << 20) + b"\r\n"),
        b"GET / HTTP/1.1\r\nX: " + b"x" * (10 << 20),
        post(length=None) + b"1\r\nx\r\n0\r\nX: " + b"x" * (10 << 20),
    ],
    ids=["one header", "many headers", "address", "10 MB", "without end", "after the body"],
)
async def test_an_overlong_header_is_refused(serve: Serve, request_: bytes) -> None:
    running = await serve()
    line = await running.line()
    sending = asyncio.create_task(line.send(request_))

    assert (await line.answer()).problem() == (431, "HEADER_TOO_LARGE")
    assert running.received == []
    await asyncio.gather(sending, return_exceptions=True)


async def test_a_usual_header_with_the_longest_token_passes(serve: Serve) -> None:
    answer = await (await serve()).ask(
        post(more=b"Authorization: Bearer " + b"x" * 8192 + b"\r\nX: " + b"x" * 16_384 + b"\r\n")
        + BODY
    )

    assert answer.body == BODY


async def test_the_token_route_refuses_a_large_form_before_it_is_sent(
    serve: Serve, tokens: list[Route]
) -> None:
    running = await serve(*tokens)

    declared = await running.ask(post("/token", b"Expect: 100-continue\r\n", length=40_000_000))
    streamed = await running.ask(
        post("/token", length=None) + b"1000000\r\n" + b"a=b&" * FORM_BYTES
    )

    assert declared.problem() == streamed.problem() == (413, "TOO_LARGE")


async def test_a_deep_or_long_json_is_refused_before_it_is_read(
    serve: Serve, as_firm: Callable[[str], bytes]
) -> None:
    running = await serve()
    caller, nested = as_firm(str(ids.new())), b"[" + b"[]," * 7_000_000

    declared = await running.ask(post(more=caller, length=len(nested)))
    line = await (await running.line()).send(post(more=caller, length=None))
    sending = asyncio.create_task(line.send(b"%x\r\n" % len(nested), nested))
    streamed = await line.answer()

    assert declared.problem() == streamed.problem() == (413, "TOO_LARGE")
    assert running.received == []
    await asyncio.gather(sending, return_exceptions=True)


async def test_without_a_token_a_body_is_neither_awaited_nor_kept(
    serve: Serve, guarded: list[Route]
) -> None:
    running = await serve(*guarded)
    began = time.monotonic()
    line = await (await running.line()).send(post("/v1/elders", length=10 << 30) + b"{")

    assert (await line.answer()).problem() == (401, "UNAUTHENTICATED")
    assert await line.closed()
    assert time.monotonic() - began < connections.LINGER_S + SOON_S


async def test_a_connection_outlives_a_refusal(
    serve: Serve, as_firm: Callable[[str], bytes], guarded: list[Route]
) -> None:
    running = await serve(*guarded, header_s=0.2)
    line = await running.line()

    await line.send(post("/v1/elders"))
    assert (await line.answer()).status == 401
    await line.send(BODY, pause_s=0.5)

    assert (
        await (await line.send(post(more=as_firm(str(ids.new()))) + BODY)).answer()
    ).body == BODY


async def test_who_leaves_half_way_is_no_defect(
    serve: Serve,
    tokens: list[Route],
    as_firm: Callable[[str], bytes],
    caplog: pytest.LogCaptureFixture,
) -> None:
    running = await serve(*tokens, bodies_bytes=2000)
    for path, caller in (
        ("/token", b""),
        ("/v1/echo", as_firm(str(ids.new()))),
        ("/v1/echo", b""),
    ) * 5:
        line = await (await running.line()).send(post(path, caller, length=1000) + b"x" * 900)
        await asyncio.sleep(0.05)
        line.close()
    await asyncio.sleep(0.2)

    assert (
        await running.ask(post(more=as_firm(str(ids.new()))) + BODY)
    ).body == BODY  # what they sent is no longer held
    assert [record.getMessage() for record in caplog.records if record.levelname == "ERROR"] == []
    assert running.received == [BODY]


async def test_all_bodies_together_are_bounded(
    serve: Serve, as_firm: Callable[[str], bytes]
) -> None:
    running = await serve(bodies_bytes=100_000)
    for _ in range(3):
        await (await running.line()).send(
            post(more=as_firm(str(ids.new())), length=40_000) + b"x" * 30_000
        )
    await asyncio.sleep(0.2)

    busy = await running.ask(post(more=as_firm(str(ids.new())), length=20_000) + b"x" * 20_000)
    assert (busy.problem(), busy.headers["retry-after"]) == ((503, "BUSY"), "1")
    for line in running.lines:
        line.close()
    await asyncio.sleep(0.2)
    assert (
        await running.ask(post(more=as_firm(str(ids.new())), length=20_000) + b"x" * 20_000)
    ).status == 200


async def test_files_stop_neither_other_files_nor_commands(
    serve: Serve, as_firm: Callable[[str], bytes]
) -> None:
    running = await serve(bodies_bytes=100_000)
    greedy, other, third = (as_firm(str(ids.new())) for _ in range(3))
    await (await running.line()).send(
        post("/v1/elder-imports", greedy, length=60_000) + b"x" * 50_000
    )
    await asyncio.sleep(0.2)

    assert (await running.ask(post("/v1/elder-imports", greedy) + BODY)).problem() == (
        429,
        "TOO_MANY_REQUESTS",
    )
    assert (
        await running.ask(post("/v1/elder-imports", other, length=40_000) + b"x" * 40_000)
    ).status == 200
    await (await running.line()).send(
        post("/v1/elder-imports", other, length=60_000) + b"x" * 50_000
    )
    await asyncio.sleep(0.2)
    assert (await running.ask(post("/v1/elder-imports", third) + BODY)).problem() == (503, "BUSY")
    for caller in (greedy, other, third):
        assert (await running.ask(post(more=caller) + BODY)).body == BODY


async def test_polls_of_one_firm_stop_neither_others_nor_commands(
    serve: Serve,
    identity: Identity,
    as_firm: Callable[[str], bytes],
    database: Databases,
    clock: Clock,
) -> None:
    store = Store(await database("gateway"), service="gateway", clock=clock)
    running = await serve(
        *feed.routes(store, identity, Cursors([b"a key"])), client_polls=3, polls=5, concurrency=2
    )
    greedy, others = str(ids.new()), [as_firm(str(ids.new())) for _ in range(3)]
    for _ in range(3):
        await (await running.line()).send(get("/v1/feed?wait=30", as_firm(greedy)))
    await asyncio.sleep(0.3)

    refused = await running.ask(get("/v1/feed?wait=30", as_firm(greedy)))
    assert (refused.problem(), refused.headers["retry-after"]) == ((429, "TOO_MANY_REQUESTS"), "5")
    assert (await running.ask(get("/v1/feed", others[0]))).status == 200
    assert (await running.ask(post(more=as_firm(greedy)) + BODY)).status == 200

    for other in others[:2]:
        await (await running.line()).send(get("/v1/feed?wait=30", other))
    await asyncio.sleep(0.3)
    assert (await running.ask(get("/v1/feed", others[2]))).problem() == (503, "BUSY")
    assert (await running.ask(post(more=others[2]) + BODY)).status == 200
    for line in running.lines:
        line.close()
    await asyncio.sleep(0.5)
    assert (await running.ask(get("/v1/feed", as_firm(greedy)))).status == 200
    await store.close()


async def test_connections_are_bounded_by_address_and_in_all(serve: Serve) -> None:
    for given, expected, owed in (
        ({"peer_connections": 3}, (429, "TOO_MANY_CONNECTIONS"), 0),
        ({"connections": 3}, (503, "BUSY"), 1),
    ):
        running = await serve(**given)
        failed = names.HTTP_FAILED.series[()]
        held = [await running.line() for _ in range(3)]
        await (await held[2].send(post() + BODY)).answer()

        refused = await (await running.line()).answer()
        assert (refused.problem(), refused.headers["retry-after"]) == (expected, "1")
        assert names.HTTP_FAILED.series[()] == failed + owed
        held[0].close()
        await asyncio.sleep(0.2)
        assert (await running.ask(post() + BODY)).body == BODY


async def test_one_client_s_requests_leave_room_for_another(
    serve: Serve, as_firm: Callable[[str], bytes]
) -> None:
    gate = asyncio.Event()

    async def wait(_: Request) -> Response:
        await gate.wait()
        return JSONResponse({})

    running = await serve(
        Route("/v1/gate", wait), concurrency=3, client_concurrency=2, peer_concurrency=1
    )
    greedy = as_firm(str(ids.new()))
    waiting = [
        await (await running.line()).send(get("/v1/gate", caller))
        for caller in (greedy, greedy, b"")
    ]
    await asyncio.sleep(0.2)

    assert (await running.ask(post(more=greedy) + BODY)).problem() == (429, "TOO_MANY_REQUESTS")
    assert (await running.ask(post() + BODY)).problem() == (429, "TOO_MANY_REQUESTS")
    assert (await running.ask(post(more=as_firm(str(ids.new()))) + BODY)).body == BODY
    gate.set()
    assert [(await line.answer()).status for line in waiting] == [200] * 3
    assert (await running.ask(post(more=greedy) + BODY)).body == BODY


def test_the_settings_say_what_is_usual() -> None:
    assert (
        Settings(
            database="postgresql://x",
            kafka="x:1",
            issuer="x",
            keys_url="x",
            services={},
            hash_keys="x",
        ).bounds()
        == Bounds()
    )
