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

from starlette.requests import ClientDisconnect
from starlette.routing import BaseRoute, Match
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from gateway.index import Index, route_of
from gateway.problems import problem
from kit.contracts.refusals import EldercareError
from kit.observability import names
from kit.security.access import scope_of
from kit.security.identity import Identity

ELSEWHERE = "none"  # the route of a request that reached none
FORM_BYTES = 16 << 10  # all that anybody without a valid token may send: the form that asks for one
FILE_PATIENCE = 10  # a file has so many times `body_s`
_BUSY = 503, "BUSY", "too many requests are under way; come again", 1.0
_YOURS = (
    429,
    "TOO_MANY_REQUESTS",
    "too many requests of yours are under way; come again when they are answered",
    1.0,
)
_YOUR_POLLS = (
    429,
    "TOO_MANY_REQUESTS",
    "too many polls of your organisation wait already; come again when they are answered",
    5.0,
)


class Kind(Enum):
    """What a route takes, which bounds its body and says which budget it is of."""

    JSON = auto()
    FORM = auto()
    FILE = auto()
    POLL = auto()


@dataclass(frozen=True, kw_only=True)
class Bounds:
    """What the settings of the same names say; bytes, seconds, counts."""

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
        began, status = time.perf_counter(), 0

        async def heard(message: Message) -> None:
            nonlocal status
            status = message.get("status", status)
            await send(message)

        try:
            await self.inner(scope, receive, heard)
        finally:
            told = status or 499  # the client left before we had begun to answer
            names.HTTP_DURATION.record(
                time.perf_counter() - began, route=route_of(scope) or ELSEWHERE, code=str(told)
            )
            names.HTTP_FAILED.add(told >= 500)


class _Refused(Exception):
    def __init__(
        self, status: int, reason: str, detail: str, retry_after_s: float | None = None
    ) -> None:
        super().__init__(detail)
        self.answer = problem(status, reason, detail, retry_after_s=retry_after_s)


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
        self._receive, self._most, self._patience_s, self._room = receive, most, patience_s, room
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
        parts, more = [], True
        try:
            async with asyncio.timeout(self._patience_s):
                while more:
                    message = await self._receive()
                    if message["type"] != "http.request":
                        raise ClientDisconnect
                    part, more = message.get("body", b""), message.get("more_body", False)
                    parts.append(part)
                    self._size += len(part)
                    self._room.held += len(part)
                    if self._size > self._most:
                        raise self._too_large()
                    if self._room.held > self._room.bytes:
                        raise _Refused(503, "BUSY", "too many bodies are under way; come again", 1)
        except TimeoutError:
            raise _Refused(
                408,
                "BODY_TOO_SLOW",
                f"the body of this request arrives within {self._patience_s:g} s",
            ) from None
        self._whole = {"type": "http.request", "body": b"".join(parts), "more_body": False}

    async def receive(self) -> Message:
        """What the application hears: the body as one message, then what the server says."""
        await self.read()
        message, self._whole = self._whole, None
        return message or await self._receive()

    def close(self) -> None:
        self._room.held -= self._size

    def _too_large(self) -> _Refused:
        most = f"{self._most >> 20} MiB" if self._most >= 1 << 20 else f"{self._most} bytes"
        return _Refused(413, "TOO_LARGE", f"the body of this request has at most {most}")


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
    def taken(self, key: object, most: int, refusal: tuple[int, str, str, float]) -> Iterator[None]:
        """One more is under way until the block ends. Raises: _Refused, where `most` are."""
        if self._under_way[key] >= most:
            raise _Refused(*refusal)
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
        self._inner, self._identity, self._bounds, self._kinds = inner, identity, bounds, kinds
        self._most = {
            Kind.JSON: bounds.json_bytes,
            Kind.FORM: FORM_BYTES,
            Kind.FILE: bounds.body_bytes,
            Kind.POLL: FORM_BYTES,
        }
        self._each = {Kind.FILE: bounds.client_files, Kind.POLL: bounds.client_polls}
        self._budget, self._files, self._others = (
            _Budget(),
            _Room(bounds.bodies_bytes),
            _Room(bounds.bodies_bytes),
        )

    def matches(self, scope: Scope) -> tuple[Match, Scope]:
        return self._inner.matches(scope)

    async def handle(self, scope: Scope, receive: Receive, send: Send) -> None:
        kind, headers, bounds = (
            self._kinds.get(route_of(scope), Kind.JSON),
            dict(scope["headers"]),
            self._bounds,
        )
        client = await self._client(headers)
        most = self._most[kind] if client else min(self._most[kind], FORM_BYTES)
        patience_s, room = (
            (bounds.body_s * FILE_PATIENCE, self._files)
            if kind is Kind.FILE
            else (bounds.body_s, self._others)
        )
        body = _Body(receive, headers, most, patience_s, room)
        try:
            if client is None:
                if (
                    kind is Kind.FORM
                ):  # any other route gives a page or asks for a token, and leaves the body alone
                    await body.read()
                peer = scope["client"][0] if scope.get("client") else ""
                with (
                    self._budget.taken((None, peer), bounds.peer_concurrency, _YOURS),
                    self._budget.taken("without a token", bounds.concurrency, _BUSY),
                ):
                    await self._inner.handle(scope, body.receive, send)
                return
            polls = kind is Kind.POLL
            with self._budget.taken(
                (kind, client),
                self._each.get(kind, bounds.client_concurrency),
                _YOUR_POLLS if polls else _YOURS,
            ):
                await body.read()
                with self._budget.taken(
                    polls, bounds.polls if polls else bounds.concurrency, _BUSY
                ):
                    await self._inner.handle(scope, body.receive, send)
        except _Refused as refused:
            await refused.answer(scope, receive, send)
        except ClientDisconnect:
            return  # nobody is there to be answered
        finally:
            body.close()

    async def _client(self, headers: Mapping[bytes, bytes]) -> str | None:
        """Who a token names; None where none is valid: the route says why."""
        scheme, _, token = headers.get(b"authorization", b"").decode("latin-1").partition(" ")
        if self._identity is None or scheme.lower() != "bearer":
            return None
        try:
            caller = await self._identity.verify(token.strip())
        except EldercareError:
            return None
        return str(scope_of(caller, "organisation") or caller.subject)
