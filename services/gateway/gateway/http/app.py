"""The HTTP application: routes of the contracts, the feed, the documents, the portal."""

import asyncio
import json
from collections import Counter
from functools import cache, partial
from pathlib import Path
from typing import cast

import uvicorn
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.middleware.gzip import GZipMiddleware
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from starlette.types import ASGIApp

from gateway.contracts import methods
from gateway.contracts.openapi import openapi
from gateway.http import catalogue, static
from gateway.http.connections import Connection
from gateway.http.limits import Bounds, Limits, Measured
from gateway.http.limits import Kind as Taken
from gateway.http.problems import Kind, Problem, defect, title_of
from gateway.http.routing import Index
from kit.contracts.phrases import Phrase
from kit.observability.logs import log
from kit.security.identity import Identity

KINDS = {"/token": Taken.FORM, "/v1/feed": Taken.POLL} | {
    method.path: Taken.FILE for method in methods.methods() if method.takes_file
}
# what is answered before a route is reached
NO_ROUTE = Kind(
    404,
    "NOT_FOUND",
    Phrase(
        "no route has this path; /openapi.json names all",
        "没有这一路径；全部路径见 /openapi.json",
    ),
)
OTHER_METHODS = Kind(
    405,
    "METHOD_NOT_ALLOWED",
    Phrase("the route of this path takes other methods", "该路径只接受其他方法"),
)
_BEFORE_ROUTES = {kind.status: kind for kind in (NO_ROUTE, OTHER_METHODS)}


def app(
    api: list[Route],
    bounds: Bounds,
    *,
    identity: Identity | None = None,
    portal: Path = static.PORTAL,
    traces_url: str | None = None,
) -> Measured:
    """The application around the routes of the methods, the feed and the issuer.

    identity: tells clients apart, to bound each; None: nobody has a token. portal: the folder of
    the built web front. traces_url: see `static.routes`.
    """

    async def describe(_: Request) -> Response:
        return Response(_document(), media_type="application/json")

    packed = [Middleware(GZipMiddleware)]
    index = Index(
        [
            *api,
            Route("/openapi.json", describe, middleware=packed),
            *static.routes(portal, traces_url=traces_url),
            *catalogue.routes(),
        ]
    )
    limited = Limits(index, identity, bounds, KINDS)
    handlers = {HTTPException: _http_problem, Exception: _defect}
    inner = Starlette(routes=[limited], exception_handlers=handlers)
    inner.router.redirect_slashes = False  # to an address that the Host header would decide
    return Measured(inner)


@cache
def _document() -> bytes:
    return json.dumps(openapi(), ensure_ascii=False).encode()


def server(application: ASGIApp, listen: str, bounds: Bounds) -> uvicorn.Server:
    """Serves HTTP/1.1 at host:port; behind a proxy the connections are kept longer than the proxy
    keeps them.
    """
    host, _, port = listen.rpartition(":")
    # declared as a type by uvicorn, and only called
    connection = cast(type[asyncio.Protocol], partial(Connection, bounds=bounds, peers=Counter()))
    return uvicorn.Server(
        uvicorn.Config(
            application,
            host=host,
            port=int(port),
            log_config=None,
            access_log=False,
            timeout_graceful_shutdown=10,
            timeout_keep_alive=75,
            lifespan="off",
            server_header=False,
            ws="none",
            http=connection,
        )
    )


async def _http_problem(_: Request, error: Exception) -> Response:
    status = error.status_code if isinstance(error, HTTPException) else 500
    title = title_of(status)
    other = Kind(status, title.upper().replace(" ", "_"), title)
    answer = Problem(_BEFORE_ROUTES.get(status, other))
    if isinstance(error, HTTPException):
        answer.headers.update(error.headers or {})
    return answer


async def _defect(_: Request, error: Exception) -> Response:
    log.exception("request_failed", exc_info=error)
    return defect()
