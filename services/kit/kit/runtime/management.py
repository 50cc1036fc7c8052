"""The management port: /live, /ready, /status, /metrics; no identity, so it is bound where only
operators reach it.
"""

import asyncio
import json
import socket
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar

import uvicorn
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from kit.observability.logs import log

Answer = tuple[int, str, str]  # status, content type, text
Ask = Callable[[], Awaitable[Answer]]

accepted: ContextVar[str] = ContextVar("accepted", default="")  # the Accept header of the request
_NOT_STORED = {"Cache-Control": "no-store"}


def json_answer(status: int, value: object) -> Answer:
    """A JSON answer."""
    return status, "application/json", json.dumps(value, ensure_ascii=False)


class _QuietServer(uvicorn.Server):
    """Leaves the signals to the process."""

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


class Management:
    """A small HTTP server of a few GET routes. listen: host:port, port 0 takes a free one."""

    def __init__(self, listen: str, routes: dict[str, Ask]) -> None:
        self._host, _, port = listen.rpartition(":")
        self._wanted = int(port)
        self._server = _QuietServer(
            uvicorn.Config(
                _application(routes),
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


def _application(routes: dict[str, Ask]) -> Starlette:
    pages = sorted(routes)

    async def refuse(_: Request, error: Exception) -> Response:
        status = error.status_code if isinstance(error, HTTPException) else 500
        if status == 405:
            return JSONResponse({"error": "only GET"}, status, _NOT_STORED)
        return JSONResponse({"error": "no such page", "pages": pages}, status, _NOT_STORED)

    return Starlette(
        routes=[Route(path, _endpoint(path, ask)) for path, ask in routes.items()],
        exception_handlers={HTTPException: refuse},
    )


def _endpoint(path: str, ask: Ask) -> Callable[[Request], Awaitable[Response]]:
    async def answer(request: Request) -> Response:
        accepted.set(request.headers.get("accept", ""))
        try:
            status, kind, text = await ask()
        except Exception as error:  # noqa: BLE001 – an operator's page says what is wrong instead of dying
            log.error("a management page failed", page=path, exc_info=error)
            status, kind, text = json_answer(500, {"error": type(error).__name__})
        headers = {"Content-Type": kind, **_NOT_STORED}
        return Response(text, status, headers)

    return answer
