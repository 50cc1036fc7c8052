"""The HTTP application: routes of the contracts, the feed, the documents, the portal."""

import json
from collections import Counter
from functools import partial
from pathlib import Path
from typing import Any

import uvicorn
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.middleware.gzip import GZipMiddleware
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from starlette.types import ASGIApp

from gateway import contracts
from gateway.connections import Connection
from gateway.index import Index
from gateway.limits import Bounds, Kind, Limits, Measured
from gateway.openapi import openapi
from gateway.pages import PORTAL, pages
from gateway.problems import TITLES, problem
from kit.observability.logs import log
from kit.security.identity import Identity

KINDS = {"/token": Kind.FORM, "/v1/feed": Kind.POLL} | {
    method.path: Kind.FILE for method in contracts.methods() if method.takes_file
}


def app(
    api: list[Route],
    bounds: Bounds,
    *,
    identity: Identity | None = None,
    portal: Path = PORTAL,
    traces_url: str | None = None,
) -> Measured:
    """The application around the routes of the methods, the feed and the issuer.

    identity: tells clients apart, to bound each; None: nobody has a token. portal: the folder of
    the built web front. traces_url: see `pages`.
    """
    document = json.dumps(openapi(), ensure_ascii=False).encode()

    async def described(_: Request) -> Response:
        return Response(document, media_type="application/json")

    known = Index(
        [
            *api,
            Route("/openapi.json", described, middleware=[Middleware(GZipMiddleware)]),
            *pages(portal, traces_url=traces_url),
        ]
    )
    limited = Limits(known, identity, bounds, KINDS)
    return Measured(
        Starlette(routes=[limited], exception_handlers={HTTPException: _http, Exception: _broken})
    )


def server(application: ASGIApp, listen: str, bounds: Bounds) -> uvicorn.Server:
    """Serves HTTP/1.1 at host:port; behind a proxy the connections are kept longer than the proxy
    keeps them.
    """
    host, _, port = listen.rpartition(":")
    connection: Any = partial(
        Connection, bounds=bounds, peers=Counter()
    )  # said to be a type, and only called
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


async def _http(_: Request, error: Exception) -> Response:
    status = error.status_code if isinstance(error, HTTPException) else 500
    return problem(
        status,
        TITLES.get(status, "Error").upper().replace(" ", "_"),
        str(getattr(error, "detail", "")),
    )


async def _broken(_: Request, error: Exception) -> Response:
    log.exception("request_failed", exc_info=error)
    return problem(
        500, "INTERNAL", "a defect of the platform; its operators find it by the trace id"
    )
