"""The HTTP application: routes of the contracts, the feed, the documents, the portal."""

import json
from pathlib import Path

import uvicorn
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.middleware.gzip import GZipMiddleware
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from starlette.types import ASGIApp

from gateway.connections import Connection
from gateway.index import Index
from gateway.limits import Limits
from gateway.openapi import openapi
from gateway.pages import PORTAL, pages
from gateway.problems import TITLES, problem
from kit.observe import log


def app(api: list[Route], *, concurrency: int, body_bytes: int, portal: Path = PORTAL, traces_url: str | None = None) -> Limits:
    """The application around the routes of the methods, the feed and the issuer.

    portal: the folder of the built web front. traces_url: see `pages`.
    """
    document = json.dumps(openapi(), ensure_ascii=False).encode()

    async def contracts(_: Request) -> Response:
        return Response(document, media_type="application/json")

    known = Index([*api, Route("/openapi.json", contracts, middleware=[Middleware(GZipMiddleware)]), *pages(portal, traces_url=traces_url)])
    return Limits(
        Starlette(routes=[known], exception_handlers={HTTPException: _http, Exception: _broken}),
        concurrency=concurrency, body_bytes=body_bytes,
    )


def server(application: ASGIApp, listen: str) -> uvicorn.Server:
    """Serves HTTP/1.1 at host:port; behind a proxy the connections are kept longer than the proxy keeps them."""
    host, _, port = listen.rpartition(":")
    return uvicorn.Server(uvicorn.Config(
        application, host=host, port=int(port), log_config=None, access_log=False, timeout_graceful_shutdown=10, timeout_keep_alive=75,
        lifespan="off", server_header=False, ws="none", http=Connection,
    ))


async def _http(_: Request, error: Exception) -> Response:
    status = error.status_code if isinstance(error, HTTPException) else 500
    return problem(status, TITLES.get(status, "Error").upper().replace(" ", "_"), str(getattr(error, "detail", "")))


async def _broken(_: Request, error: Exception) -> Response:
    log.exception("request_failed", exc_info=error)
    return problem(500, "INTERNAL", "a defect of the platform; its operators find it by the trace id")
