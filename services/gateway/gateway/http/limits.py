"""Keeps one greedy client from starving the others: bodies, times and requests under way are
bounded, by client and in all.

Why ours: libraries of limits (slowapi, limits) count requests by time; what runs out here is what
is under way.
"""

import asyncio
import time
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from enum import Enum, auto

from starlette.requests import ClientDisconnect, Request
from starlette.routing import BaseRoute, Match
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from gateway.http.callers import caller_of
from gateway.http.problems import Kind as ProblemKind
from gateway.http.problems import Problem
from gateway.http.routing import Index, route_of
from kit.contracts.phrases import Phrase
from kit.contracts.refusals import EldercareError
from kit.observability import names
from kit.security.access import organisation_of
from kit.security.identity import Identity

ELSEWHERE = "none"  # the route of a request that reached none
FORM_BYTES = 16 << 10  # all that anybody without a valid token may send: the form that asks for one
FILE_PATIENCE = 10  # a file has so many times `body_s`
BUSY = ProblemKind(
    503, "BUSY", Phrase("too many requests are under way; come again", "请求过多，请稍后再来")
)
BODIES = ProblemKind(
    503, "BUSY", Phrase("too many bodies are under way; come again", "上传过多，请稍后再来")
)
YOURS = ProblemKind(
    429,
    "TOO_MANY_REQUESTS",
    Phrase(
        "too many requests of yours are under way; come again when they are answered",
        "您有过多请求尚未答复，请在答复后再来",
    ),
)
YOUR_POLLS = ProblemKind(
    429,
    "TOO_MANY_REQUESTS",
    Phrase(
        "too many polls of your organisation wait already; come again when they are answered",
        "贵机构有过多轮询在等待，请在答复后再来",
    ),
)
BODY_TOO_SLOW = ProblemKind(
    408,
    "BODY_TOO_SLOW",
    Phrase(
        "the body of this request arrives within {most_s} s", "该请求的正文须在 {most_s} 秒内到达"
    ),
)
TOO_LARGE = ProblemKind(
    413,
    "TOO_LARGE",
    Phrase("the body of this request has at most {most}", "该请求的正文至多 {most}"),
)
_PAUSE_S, _POLL_PAUSE_S = 1.0, 5.0  # of `Retry-After`


class Kind(Enum):
    """What a route takes, which bounds its body and says which budget it is of."""

    JSON = auto()
    FORM = auto()
    FILE = auto()
    POLL = auto()


@dataclass(frozen=True, kw_only=True)
class Bounds:
    """The settings of the same names; bytes, seconds, counts."""

    concurrency: int = 256
    client_concurrency: int = 64
    peer_concurrency: int = 128
    polls: int = 256
    client_polls: int = 16
    client_files: int = 1
    body_bytes: int = 64 << 20
    json_bytes: int = 1 << 20
    bodies_bytes: int = 128 << 20
    header_bytes: int = 32 << 10
    header_s: float = 10
    body_s: float = 20
    connections: int = 4096
    peer_connections: int = 1024


class Measured:
    """Measures every request."""

    def __init__(self, inner: ASGIApp) -> None:
        self.inner = inner
        names.HTTP_FAILED.add(0)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.inner(scope, receive, send)
            return
        began = time.perf_counter()
        status = 499  # of a client that leaves before we have begun to answer

        async def send_and_note(message: Message) -> None:
            nonlocal status
            status = message.get("status", status)
            await send(message)

        try:
            await self.inner(scope, receive, send_and_note)
        finally:
            took_s = time.perf_counter() - began
            route = route_of(scope) or ELSEWHERE
            names.HTTP_DURATION.record(took_s, route=route, code=str(status))
            names.HTTP_FAILED.add(status >= 500)


class _Refused(Exception):
    def __init__(self, kind: ProblemKind, retry_after_s: float | None = None) -> None:
        super().__init__(kind.text)
        self.answer = Problem(kind, retry_after_s=retry_after_s)


class _Body:
    """The body of a request, read as a whole when it is asked for, within its bounds; `close` gives
    back what it holds of `room`.
    """

    def __init__(
        self,
        receive: Receive,
        headers: Mapping[bytes, bytes],
        most: int,
        patience_s: float,
        room: "_Room",
    ) -> None:
        self._receive = receive
        self._most = most
        self._patience_s = patience_s
        self._room = room
        declared = headers.get(b"content-length", b"")
        self._declared = int(declared) if declared.isdigit() else 0
        self._awaited = bool(self._declared) or b"transfer-encoding" in headers
        self._whole: Message | None = None
        self._size = 0

    async def read(self) -> None:
        """Raises: _Refused, ClientDisconnect."""
        if not self._awaited:
            return
        self._awaited = False
        if self._declared > self._most:
            raise self._too_large()
        try:
            async with asyncio.timeout(self._patience_s):
                body = await self._read_whole()
        except TimeoutError:
            raise _Refused(BODY_TOO_SLOW.of(most_s=f"{self._patience_s:g}")) from None
        self._whole = {"type": "http.request", "body": body, "more_body": False}

    async def _read_whole(self) -> bytes:
        parts: list[bytes] = []
        more = True
        while more:
            message = await self._receive()
            if message["type"] != "http.request":
                raise ClientDisconnect
            parts.append(message.get("body", b""))
            more = message.get("more_body", False)
            self._size += len(parts[-1])
            self._room.held += len(parts[-1])
            if self._size > self._most:
                raise self._too_large()
            if self._room.held > self._room.bytes:
                raise _Refused(BODIES, _PAUSE_S)
        return b"".join(parts)

    async def receive(self) -> Message:
        """For the application: the body as one message, then the messages of the server."""
        await self.read()
        message = self._whole
        self._whole = None
        return message or await self._receive()

    def close(self) -> None:
        self._room.held -= self._size

    def _too_large(self) -> _Refused:
        most = f"{self._most >> 20} MiB" if self._most >= 1 << 20 else f"{self._most} bytes"
        return _Refused(TOO_LARGE.of(most=most))


@dataclass
class _Room:
    """bytes: most that bodies may hold; held: what they hold now."""

    bytes: int
    held: int = 0


class _Budget:
    """What is under way, by key."""

    def __init__(self) -> None:
        self._under_way: Counter[object] = Counter()

    @contextmanager
    def take(self, key: object, most: int, refusal: ProblemKind) -> Iterator[None]:
        """One more is under way until the block ends. Raises: _Refused, where `most` are."""
        if self._under_way[key] >= most:
            raise _Refused(refusal, _POLL_PAUSE_S if refusal is YOUR_POLLS else _PAUSE_S)
        self._under_way[key] += 1
        try:
            yield
        finally:
            self._under_way[key] -= 1
            if not self._under_way[key]:
                del self._under_way[key]


class Limits(BaseRoute):
    """The routes, behind budgets: 429 for a client whose own is exhausted, 503 where that of all
    is, 413 and 408 for bodies.

    A client is the organisation, else the subject, of a valid token; without one it is the address,
    with budgets apart. A request takes of what all share only when it has arrived whole. identity:
    None where nobody has a token. kinds: by path of a route; the rest takes JSON.
    """

    def __init__(
        self, inner: Index, identity: Identity | None, bounds: Bounds, kinds: Mapping[str, Kind]
    ) -> None:
        self._inner = inner
        self._identity = identity
        self._bounds = bounds
        self._kinds = kinds
        self._most = {
            Kind.JSON: bounds.json_bytes,
            Kind.FORM: FORM_BYTES,
            Kind.FILE: bounds.body_bytes,
            Kind.POLL: FORM_BYTES,
        }
        self._each = {Kind.FILE: bounds.client_files, Kind.POLL: bounds.client_polls}
        self._budget = _Budget()
        self._files = _Room(bounds.bodies_bytes)
        self._others = _Room(bounds.bodies_bytes)

    def matches(self, scope: Scope) -> tuple[Match, Scope]:
        return self._inner.matches(scope)

    async def handle(self, scope: Scope, receive: Receive, send: Send) -> None:
        kind = self._kinds.get(route_of(scope), Kind.JSON)
        headers = dict(scope["headers"])
        client = await self._client(scope)
        body = self._body(kind, headers, receive, known=client is not None)
        try:
            if client is None:
                await self._admit_anonymous(kind, body, scope, send)
            else:
                await self._admit_client(kind, client, body, scope, send)
        except _Refused as refused:
            await refused.answer(scope, receive, send)
        except ClientDisconnect:
            return  # nobody is there to be answered
        finally:
            body.close()

    def _body(
        self, kind: Kind, headers: Mapping[bytes, bytes], receive: Receive, *, known: bool
    ) -> _Body:
        most = self._most[kind] if known else min(self._most[kind], FORM_BYTES)
        body_s = self._bounds.body_s
        if kind is Kind.FILE:
            return _Body(receive, headers, most, body_s * FILE_PATIENCE, self._files)
        return _Body(receive, headers, most, body_s, self._others)

    async def _admit_anonymous(self, kind: Kind, body: _Body, scope: Scope, send: Send) -> None:
        # any other route gives a page or asks for a token, and leaves the body alone
        if kind is Kind.FORM:
            await body.read()
        peer = scope["client"][0] if scope.get("client") else ""
        bounds = self._bounds
        with (
            self._budget.take((None, peer), bounds.peer_concurrency, YOURS),
            self._budget.take("without a token", bounds.concurrency, BUSY),
        ):
            await self._inner.handle(scope, body.receive, send)

    async def _admit_client(
        self, kind: Kind, client: str, body: _Body, scope: Scope, send: Send
    ) -> None:
        polls = kind is Kind.POLL
        own = self._each.get(kind, self._bounds.client_concurrency)
        most = self._bounds.polls if polls else self._bounds.concurrency
        with self._budget.take((kind, client), own, YOUR_POLLS if polls else YOURS):
            await body.read()
            with self._budget.take(polls, most, BUSY):
                await self._inner.handle(scope, body.receive, send)

    async def _client(self, scope: Scope) -> str | None:
        """Who a token names; None where none is valid: the route says why."""
        if self._identity is None:
            return None
        try:
            caller = await caller_of(self._identity, Request(scope))
        except EldercareError:
            return None
        return organisation_of(caller) or caller.subject
