"""The web front as it was built: two pages and their assets, which bear a hash in their names."""

import asyncio
import gzip
import mimetypes
from functools import cache
from pathlib import Path

from starlette.requests import Request
from starlette.responses import FileResponse, JSONResponse, Response
from starlette.routing import Route

from gateway.problems import problem

PORTAL = Path(__file__).parent / "portal"
_GUARDED = {
    # charts and tables set styles on their elements; scripts come from here alone
    "Content-Security-Policy": "default-src 'self'; img-src 'self' data:; font-src 'self' data:; style-src 'self' 'unsafe-inline';"
    " object-src 'none'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
}
_FOR_EVER = "public, max-age=31536000, immutable"
_PACKED = frozenset({".js", ".css", ".svg", ".json"})


def pages(portal: Path = PORTAL, *, traces_url: str | None = None) -> list[Route]:
    """/, /docs, /assets/… and /portal.json: what the front has to know of this deployment.

    traces_url: where a trace is shown, `{trace_id}` in it stands for its id.
    """

    async def told(_: Request) -> Response:
        return JSONResponse({"traces_url": traces_url}, headers={"Cache-Control": "no-cache"})

    async def index(_: Request) -> Response:
        return _page(portal / "index.html")

    async def docs(_: Request) -> Response:
        return _page(portal / "docs.html")

    async def asset(request: Request) -> Response:
        path = (
            portal / "assets" / request.path_params["name"]
        )  # one segment: it cannot lead out of the folder
        if not path.is_file():
            return problem(404, "NOT_FOUND", "no such asset")
        headers = _GUARDED | {"Cache-Control": _FOR_EVER, "Vary": "Accept-Encoding"}
        if path.suffix not in _PACKED or "gzip" not in request.headers.get("accept-encoding", ""):
            return FileResponse(path, headers=headers)
        packed = await asyncio.to_thread(_packed, path, path.stat().st_mtime_ns)
        return Response(
            packed,
            media_type=mimetypes.guess_type(path.name)[0],
            headers=headers | {"Content-Encoding": "gzip"},
        )

    return [
        Route("/", index),
        Route("/docs", docs),
        Route("/portal.json", told),
        Route("/assets/{name}", asset),
    ]


def _page(path: Path) -> Response:
    if not path.is_file():
        return problem(
            404, "PORTAL_NOT_BUILT", "the portal is not part of this build: `make portal`"
        )
    return FileResponse(path, headers=_GUARDED | {"Cache-Control": "no-cache"})


@cache
def _packed(path: Path, _changed_ns: int) -> bytes:
    """Packed once, since it takes a tenth of a second: the assets of one build are few and never
    change.
    """
    return gzip.compress(path.read_bytes(), 6, mtime=0)
