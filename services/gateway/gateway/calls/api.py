"""One route per public method, made from the contracts: a new method is a new route with no
code.
"""

import re
from collections.abc import Awaitable, Callable
from email.message import Message as Headers

from google.api import httpbody_pb2
from google.protobuf.message import Message
from starlette.middleware import Middleware
from starlette.middleware.gzip import GZipMiddleware
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from gateway.contracts import transcode
from gateway.contracts.methods import Method, methods
from gateway.http.callers import bearer, caller_of, header
from gateway.http.problems import defect, to_problem
from kit.contracts import rules
from kit.contracts.phrases import Phrase
from kit.contracts.refusals import EldercareError, Malformed
from kit.observability import names, traces
from kit.rpc import keys
from kit.rpc.client import Client, NeighbourBroken
from kit.rpc.methods import CHANNELS
from kit.security.identity import Identity

READ_S = 5.0
WRITE_S = 10.0
FILE_S = 60.0
PACKED_BYTES = 16 << 10
AN_ETAG = Phrase(
    'is the ETag of an answer, such as "7"', '应为读取时得到的 ETag，如 "7"', key="AN_ETAG"
)
SAME_VERSION = Phrase(
    "is the same as `version` in the body", "应与正文中的 `version` 相同", key="SAME_VERSION"
)
JSON_IN_UTF8 = Phrase(
    "is application/json, in UTF-8", "应为 application/json，UTF-8 编码", key="JSON_IN_UTF8"
)
NOT_PACKED = Phrase(
    "is identity: bodies are not packed", "应为 identity：正文不得压缩", key="NOT_PACKED"
)
VERSION = "version"  # the field of an answer that is its ETag, and of a command that needs it
_ETAG = re.compile(r'"([1-9][0-9]{0,17})"')


def routes(clients: dict[str, Client], identity: Identity) -> list[Route]:
    """The routes of all public methods whose service has a client."""
    made = []
    for method in ordered():
        if method.service in clients:
            endpoint = _endpoint(method, clients[method.service], identity)
            middleware = _middleware(method)
            made.append(Route(method.path, endpoint, methods=[method.verb], middleware=middleware))
    return made


def _middleware(method: Method) -> list[Middleware]:
    """Lists and boards are long and repeat their names; a single record is sooner sent than
    packed.
    """
    lists = any(field.is_repeated for field in method.reply.DESCRIPTOR.fields)
    if method.verb != "GET" or not lists:
        return []
    return [Middleware(GZipMiddleware, minimum_size=PACKED_BYTES, compresslevel=4)]


def ordered() -> list[Method]:
    """The public methods, the most specific path first, because the first that fits is taken."""
    return sorted(
        methods(),
        key=lambda method: (-method.path.count("/"), -method.path.count(":"), "{" in method.path),
    )


def _endpoint(
    method: Method, client: Client, identity: Identity
) -> Callable[[Request], Awaitable[Response]]:
    writes = method.access.writes
    limit = FILE_S if method.takes_file or method.gives_file else WRITE_S if writes else READ_S

    async def answer(request: Request) -> Response:
        with traces.span(
            names.HTTP_SERVED,
            parent=request.headers.get("traceparent"),
            root=True,
            method=method.verb,
            route=method.path,
            attributes={"http.request.method": method.verb, "http.route": method.path},
        ) as span:
            try:
                response = await _call(request)
            except EldercareError as error:
                span.set_attribute("eldercare.reason", error.reason)
                response = to_problem(error)
            except NeighbourBroken:
                response = defect()
            span.set_attribute("http.response.status_code", response.status_code)
        return response

    async def _call(request: Request) -> Response:
        anonymous = method.access.public and "authorization" not in request.headers
        token = None if anonymous else bearer(request)
        if not anonymous:
            await caller_of(identity, request)
        key = _idempotency_key(request, required=writes)
        channel = _channel(request)
        message = await _request(method, request)
        _require_version(message, header(request, "If-Match"))
        trailer: dict[str, str] = {}
        reply = await client.call(
            method.full_name,
            message,
            timeout=limit,
            token=token,
            key=key,
            channel=channel,
            trailer=trailer if writes else None,
            anonymous=anonymous,
        )
        response = _accepted(method, reply) if method.is_job else _response(reply)
        if keys.REPLAYED in trailer:
            response.headers[keys.REPLAYED_HEADER] = trailer[keys.REPLAYED]
        return response

    return answer


def _idempotency_key(request: Request, *, required: bool) -> str | None:
    key = header(request, keys.HEADER)
    if required and not key:
        raise Malformed(keys.HEADER, keys.OF_WRITES)
    return keys.from_client(key)


def _channel(request: Request) -> str:
    channel = header(request, "channel")
    if channel is None:
        return "api"
    if channel not in CHANNELS:
        raise Malformed("channel", rules.ONE_OF.of(names=", ".join(sorted(CHANNELS))))
    return channel


async def _request(method: Method, request: Request) -> Message:
    path_fields = dict(request.path_params)
    _check_encoding(request)
    if method.takes_file:
        kind = request.headers.get("content-type", "application/octet-stream")
        file: Message = httpbody_pb2.HttpBody(content_type=kind, data=await request.body())
        return file
    if method.body:
        _check_content_type(request)
        return transcode.from_json(method.request, await request.body(), path_fields)
    return transcode.from_query(method.request, request.query_params.multi_items(), path_fields)


def _require_version(message: Message, given: str | None) -> None:
    """Writes the version of `If-Match` into the request, where it is one that names a version.

    Source: RFC 9110, section 13.1.1. Raises: Malformed.
    """
    if given is None or VERSION not in message.DESCRIPTOR.fields_by_name or given == "*":
        return
    tag = _ETAG.fullmatch(given.strip())
    if tag is None:
        raise Malformed("If-Match", AN_ETAG)
    version = int(tag[1])
    if message.HasField(VERSION) and getattr(message, VERSION) != version:
        raise Malformed("If-Match", SAME_VERSION)
    setattr(message, VERSION, version)


def _accepted(method: Method, reply: Message) -> Response:
    """202 and the address of the job: its id is the first field of the reply."""
    job_id = getattr(reply, reply.DESCRIPTOR.fields[0].name)
    response = _response(reply)
    response.status_code = 202
    response.headers["Location"] = f"{method.path}/{job_id}"
    return response


def _check_encoding(request: Request) -> None:
    """Raises: Malformed. A packed body is not unpacked: its size would not be bounded."""
    if (header(request, "Content-Encoding") or "identity").lower() != "identity":
        raise Malformed("Content-Encoding", NOT_PACKED)


def _check_content_type(request: Request) -> None:
    """Raises: Malformed. Source: RFC 8259, 8.1: JSON is UTF-8."""
    kind = Headers()
    given = header(request, "Content-Type")
    kind["content-type"] = "application/json" if given is None else given
    charset = str(kind.get_param("charset") or "utf-8").lower()
    if kind.get_content_type() != "application/json" or charset not in ("utf-8", "utf8"):
        raise Malformed("Content-Type", JSON_IN_UTF8)


def _response(reply: Message) -> Response:
    if isinstance(reply, httpbody_pb2.HttpBody):
        headers = {"X-Content-Type-Options": "nosniff"}
        return Response(reply.data, media_type=reply.content_type, headers=headers)
    headers = {}
    if version := getattr(reply, VERSION, 0):
        headers["ETag"] = f'"{version}"'
    return Response(transcode.to_json(reply), headers=headers, media_type="application/json")
