"""The HTTP application: routes of the contracts, the feed, the documents, the portal."""

import json
from pathlib import Path

import uvicorn
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import FileResponse, Response
from starlette.routing import BaseRoute, Mount, Route
from starlette.staticfiles import StaticFiles
from starlette.types import ASGIApp

from gateway.index import Index
from gateway.limits import Limits
from gateway.openapi import openapi
from gateway.problems import TITLES, problem
from kit.observe import log

PORTAL = Path(__file__).parent / "portal"


def app(api: list[Route], *, concurrency: int, body_bytes: int) -> Limits:
    """The application around the routes of the methods, the feed and the issuer."""
    document = json.dumps(openapi(), ensure_ascii=False).encode()

    async def contracts(_: Request) -> Response:
        return Response(document, media_type="application/json")

    async def page(_: Request) -> Response:
        if not (PORTAL / "index.html").is_file():
            return problem(404, "PORTAL_NOT_BUILT", "the portal is not part of this build: `make portal`")
        return FileResponse(PORTAL / "index.html", headers={"Cache-Control": "no-cache"})

    async def docs(_: Request) -> Response:
        return FileResponse(PORTAL / "docs.html") if (PORTAL / "docs.html").is_file() else problem(404, "PORTAL_NOT_BUILT", "`make portal`")

    routes: list[BaseRoute] = [Index([*api, Route("/openapi.json", contracts), Route("/docs", docs), Route("/", page)])]
    if PORTAL.is_dir():
        routes.append(Mount("/", StaticFiles(directory=PORTAL)))
    return Limits(
        Starlette(routes=routes, exception_handlers={HTTPException: _http, Exception: _broken}),
        concurrency=concurrency, body_bytes=body_bytes,
    )


def server(application: ASGIApp, listen: str) -> uvicorn.Server:
    """Serves HTTP/1.1 at host:port; behind a proxy the connections are kept longer than the proxy keeps them."""
    host, _, port = listen.rpartition(":")
    return uvicorn.Server(uvicorn.Config(
        application, host=host, port=int(port), log_config=None, access_log=False, timeout_graceful_shutdown=10, timeout_keep_alive=75,
        lifespan="off", server_header=False,
    ))


async def _http(_: Request, error: Exception) -> Response:
    status = error.status_code if isinstance(error, HTTPException) else 500
    return problem(status, TITLES.get(status, "Error").upper().replace(" ", "_"), str(getattr(error, "detail", "")))


async def _broken(_: Request, error: Exception) -> Response:
    log.exception("request_failed", exc_info=error)
    return problem(500, "INTERNAL", "a defect of the platform; its operators find it by the trace id")
