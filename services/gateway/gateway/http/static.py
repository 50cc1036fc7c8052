"""The web front as it was built: two pages and their assets, which bear a hash in their names; and
the names of the areas, which its pages show for their codes.

Starlette finds the files and answers 304 where they have not changed.
"""

import asyncio
import gzip
import json
import mimetypes
import re
from functools import cache
from pathlib import Path

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import FileResponse, JSONResponse, Response
from starlette.routing import Route
from starlette.staticfiles import StaticFiles

from gateway.http.problems import Kind, Problem
from kit.contracts import areas
from kit.contracts.phrases import Phrase

PORTAL = Path(__file__).parents[1] / "portal"
NO_ASSET = Kind(404, "NOT_FOUND", Phrase("no such asset", "没有这个文件"))
NOT_BUILT = Kind(
    404,
    "PORTAL_NOT_BUILT",
    Phrase("the portal is not part of this build: `make portal`", "本构建不含门户：`make portal`"),
)
# charts and tables set styles on their elements; scripts come from here alone
_POLICY = (
    "default-src 'self'; img-src 'self' data:; font-src 'self' data:; "
    "style-src 'self' 'unsafe-inline'; "
    "object-src 'none'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
)
_GUARDED = {
    "Content-Security-Policy": _POLICY,
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
}
# what the build gives a file; others, of 300 letters or with a NUL, are not asked of the disk
_NAME = re.compile(r"[A-Za-z0-9_.-]{1,200}")
_FOR_EVER = "public, max-age=31536000, immutable"
_AN_HOUR = "public, max-age=3600"
_PACKED = frozenset({".js", ".css", ".svg", ".json"})


def routes(portal: Path = PORTAL, *, traces_url: str | None = None) -> list[Route]:
    """/, /docs, /assets/…, /areas.json and /portal.json: what the front has to know of this
    deployment.

    traces_url: where a trace is shown, `{trace_id}` in it stands for its id.
    """
    files = StaticFiles(directory=portal, check_dir=False)

    async def settings(_: Request) -> Response:
        return JSONResponse({"traces_url": traces_url}, headers={"Cache-Control": "no-cache"})

    async def names(request: Request) -> Response:
        headers = {"Cache-Control": _AN_HOUR, "Vary": "Accept-Encoding"}
        if not _takes_gzip(request):
            return Response(_names_of_areas(), headers=headers, media_type="application/json")
        headers["Content-Encoding"] = "gzip"
        return Response(_packed_names(), headers=headers, media_type="application/json")

    async def index(request: Request) -> Response:
        return await _page(files, "index.html", request)

    async def docs(request: Request) -> Response:
        return await _page(files, "docs.html", request)

    async def asset(request: Request) -> Response:
        # one segment: it cannot lead out of the folder
        if not _NAME.fullmatch(request.path_params["name"]):
            return Problem(NO_ASSET)
        return await _asset(files, f"assets/{request.path_params['name']}", request)

    return [
        Route("/", index),
        Route("/docs", docs),
        Route("/portal.json", settings),
        Route("/areas.json", names),
        Route("/assets/{name}", asset),
    ]


async def _page(files: StaticFiles, path: str, request: Request) -> Response:
    try:
        response = await files.get_response(path, request.scope)
    except HTTPException:
        return Problem(NOT_BUILT)
    response.headers.update(_GUARDED | {"Cache-Control": "no-cache"})
    return response


async def _asset(files: StaticFiles, path: str, request: Request) -> Response:
    try:
        response = await files.get_response(path, request.scope)
    except HTTPException:
        return Problem(NO_ASSET)
    headers = _GUARDED | {"Cache-Control": _FOR_EVER, "Vary": "Accept-Encoding"}
    if isinstance(response, FileResponse) and _wants_packed(path, request):
        file = Path(response.path)
        body = await asyncio.to_thread(_packed, file, response.headers["etag"])
        response = Response(body, media_type=mimetypes.guess_type(path)[0])
        headers["Content-Encoding"] = "gzip"
    response.headers.update(headers)
    return response


def _wants_packed(path: str, request: Request) -> bool:
    return Path(path).suffix in _PACKED and _takes_gzip(request)


def _takes_gzip(request: Request) -> bool:
    return "gzip" in request.headers.get("accept-encoding", "")


@cache
def _names_of_areas() -> bytes:
    """Name by code; geography, open to everybody."""
    named = {area.code: area.name for area in areas.load()}
    return json.dumps(named, ensure_ascii=False, separators=(",", ":")).encode()


@cache
def _packed_names() -> bytes:
    return gzip.compress(_names_of_areas(), 6, mtime=0)


@cache
def _packed(file: Path, _etag: str) -> bytes:
    """Packed once per change: GZipMiddleware would pack anew for each request, on the event loop,
    and needs 33 ms for 760 kB and 64 ms for 1.8 MB.
    """
    return gzip.compress(file.read_bytes(), 6, mtime=0)
