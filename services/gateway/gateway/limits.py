"""Keeps one greedy client from starving the others: bounded bodies, bounded requests under way; and measures every request."""

import time

from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from gateway.index import route_of
from gateway.problems import problem
from kit.observe import names

ELSEWHERE = "none"  # the route of a request that reached none


class Limits:
    """Answers 413 for a body that is too large and 503 while too many requests are under way."""

    def __init__(self, inner: ASGIApp, *, concurrency: int, body_bytes: int) -> None:
        self.inner, self.concurrency, self.body_bytes = inner, concurrency, body_bytes
        self.under_way = 0
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
            await self._limited(scope, receive, heard)
        finally:
            told = status or 499  # the client left before we had begun to answer
            names.HTTP_DURATION.record(time.perf_counter() - began, route=route_of(scope) or ELSEWHERE, code=str(told))
            names.HTTP_FAILED.add(told >= 500)

    async def _limited(self, scope: Scope, receive: Receive, send: Send) -> None:
        if self.under_way >= self.concurrency:
            await problem(503, "BUSY", "too many requests are under way; come again", retry_after_s=1)(scope, receive, send)
            return
        taken = 0

        async def bounded() -> Message:
            nonlocal taken
            message = await receive()
            taken += len(message.get("body", b""))
            if taken > self.body_bytes:
                raise HTTPException(413, f"a body has at most {self.body_bytes >> 20} MiB")
            return message

        self.under_way += 1
        try:
            await self.inner(scope, bounded, send)
        finally:
            self.under_way -= 1
