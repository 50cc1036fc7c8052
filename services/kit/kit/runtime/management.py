"""The management port: /live, /ready, /status, /metrics; no identity, so it is bound where only
operators reach it.
"""

import asyncio
import json
import socket
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import TypedDict

import uvicorn

from kit.observability.logs import log


class Scope(TypedDict):
    """What is read of an ASGI scope."""

    path: str
    method: str
    headers: list[tuple[bytes, bytes]]


Send = Callable[[dict[str, object]], Awaitable[None]]
Answer = tuple[int, str, str]  # status, content type, text
accepted: ContextVar[str] = ContextVar("accepted", default="")  # what the one who asks understands
Ask = Callable[[], Awaitable[Answer]]


def json_answer(status: int, value: object) -> Answer:
    """A JSON answer."""
    return status, "application/json", json.dumps(value, ensure_ascii=False)


class _Quiet(uvicorn.Server):
    """Leaves the signals to the process."""

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


class Management:
    """A small HTTP server of a few GET routes. listen: host:port, port 0 takes a free one."""

    def __init__(self, listen: str, routes: dict[str, Ask]) -> None:
        self._host, _, port = listen.rpartition(":")
        self._wanted, self._routes = int(port), routes
        self._server = _Quiet(
            uvicorn.Config(
                self._application,
                lifespan="off",
                log_config=None,
                access_log=False,
                ws="none",
                timeout_graceful_shutdown=2,
                server_header=False,
                proxy_headers=False,
                loop="none",
                http="httptools",
                interface="asgi3",
            )
        )
        self._serving: asyncio.Task[None] | None = None
        self.port = 0

    async def start(self) -> int:
        """Begins to answer and returns the port. Raises: OSError where the address is taken."""
        family = socket.AF_INET6 if ":" in self._host else socket.AF_INET
        listening = socket.socket(family, socket.SOCK_STREAM)
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listening.bind((self._host.strip("[]"), self._wanted))
        self.port = int(listening.getsockname()[1])
        self._serving = asyncio.create_task(
            self._server.serve(sockets=[listening]), name="management"
        )
        # uvicorn offers no event
        while not self._server.started and not self._serving.done():  # noqa: ASYNC110
            await asyncio.sleep(0.005)
        return self.port

    async def stop(self) -> None:
        """Lets answers in flight finish."""
        self._server.should_exit = True
        if self._serving is not None:
            await self._serving

    async def _application(self, scope: Scope, _: object, send: Send) -> None:
        ask = self._routes.get(scope["path"])
        if scope["method"] not in ("GET", "HEAD"):
            status, kind, text = json_answer(405, {"error": "only GET"})
        elif ask is None:
            status, kind, text = json_answer(
                404, {"error": "no such page", "pages": sorted(self._routes)}
            )
        else:
            accepted.set(dict(scope["headers"]).get(b"accept", b"").decode("latin-1"))
            try:
                status, kind, text = await ask()
            # an operator's page says what is wrong instead of dying
            except Exception as error:  # noqa: BLE001
                log.error("a management page failed", page=scope["path"], exc_info=error)
                status, kind, text = json_answer(500, {"error": type(error).__name__})
        body = b"" if scope["method"] == "HEAD" else text.encode()
        headers = [
            (b"content-type", kind.encode()),
            (b"content-length", str(len(body)).encode()),
            (b"cache-control", b"no-store"),
        ]
        await send({"type": "http.response.start", "status": status, "headers": headers})
        await send({"type": "http.response.body", "body": body})
