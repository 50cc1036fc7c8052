"""HTTP/1.1 over kept connections, no more than the simulation needs: a general client costs several
times the CPU of a command.
"""

import asyncio
import json
import ssl
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode, urlsplit

HEAD_MOST_BYTES = 1 << 17
END = b"\r\n\r\n"
HTTP_PORT = 80
HTTPS_PORT = 443
Connection = tuple[asyncio.StreamReader, asyncio.StreamWriter]
Json = dict[str, Any]
"""A JSON object, as decoded or to be encoded; the one place where a type is unknown."""
Query = Mapping[str, str | int]


class Disconnected(Exception):
    """The connection ended or the time was over before there was an answer; whether the request
    arrived nobody knows.
    """


@dataclass(frozen=True, slots=True)
class Response:
    """A whole answer."""

    status: int
    content_type: str
    body: bytes

    def document(self) -> Json:
        """The body as JSON; a text of another type under `text`."""
        if "json" in self.content_type:
            return dict(json.loads(self.body))
        return {"text": self.body.decode()}


class HttpClient:
    """Connections to one address, each used again once its answer is whole."""

    def __init__(self, address: str, timeout_s: float) -> None:
        parts = urlsplit(address)
        self._secure = parts.scheme == "https"
        self._host = parts.hostname or "127.0.0.1"
        self._port = parts.port or (HTTPS_PORT if self._secure else HTTP_PORT)
        self._root = parts.path.rstrip("/")
        self._name = parts.netloc
        self._timeout_s = timeout_s
        self._idle: list[Connection] = []

    async def request(
        self,
        verb: str,
        path: str,
        headers: Mapping[str, str],
        body: bytes = b"",
        query: Query | None = None,
    ) -> Response:
        """One request. Raises: Disconnected."""
        sent = self._encoded(verb, path, headers, body, query)
        connection: Connection | None = None
        try:
            async with asyncio.timeout(self._timeout_s):
                connection = self._idle_connection() or await self._connect()
                connection[1].write(sent)
                response, reusable = await _read(connection[0])
        except (OSError, EOFError, TimeoutError, ValueError, asyncio.LimitOverrunError) as error:
            raise Disconnected(f"{verb} {path}: {type(error).__name__}") from error
        else:
            if reusable:
                self._idle.append(connection)
                connection = None
            return response
        finally:
            if connection is not None:
                connection[1].close()

    async def close(self) -> None:
        """Ends the connections and waits until they are ended."""
        ended = [writer for _, writer in self._idle]
        self._idle.clear()
        for writer in ended:
            writer.close()
        await asyncio.gather(*(each.wait_closed() for each in ended), return_exceptions=True)

    def _encoded(
        self, verb: str, path: str, headers: Mapping[str, str], body: bytes, query: Query | None
    ) -> bytes:
        target = f"{self._root}{path}"
        if query:
            target += f"?{urlencode(query)}"
        lines = [f"{verb} {target} HTTP/1.1", f"Host: {self._name}"]
        lines += [f"{name}: {value}" for name, value in headers.items()]
        if verb != "GET":
            lines.append(f"Content-Length: {len(body)}")
        return "\r\n".join(lines).encode() + END + body

    def _idle_connection(self) -> Connection | None:
        while self._idle:
            reader, writer = self._idle.pop()
            if not reader.at_eof() and not writer.is_closing():
                return reader, writer
            writer.close()
        return None

    async def _connect(self) -> Connection:
        context = ssl.create_default_context() if self._secure else None
        return await asyncio.open_connection(
            self._host, self._port, limit=HEAD_MOST_BYTES, ssl=context
        )


async def _read(reader: asyncio.StreamReader) -> tuple[Response, bool]:
    """An answer, and whether its connection can be used again."""
    head = (await reader.readuntil(END)).decode("latin-1")
    first, *rest = head[: -len(END)].split("\r\n")
    headers = dict(_header(line) for line in rest)
    if "chunked" in headers.get("transfer-encoding", ""):
        body = await _chunks(reader)
    elif "content-length" in headers:
        body = await reader.readexactly(int(headers["content-length"]))
    else:
        raise ValueError("an answer has a length")
    response = Response(int(first.split()[1]), headers.get("content-type", ""), body)
    return response, headers.get("connection", "").lower() != "close"


def _header(line: str) -> tuple[str, str]:
    name, _, value = line.partition(":")
    return name.strip().lower(), value.strip()


async def _chunks(reader: asyncio.StreamReader) -> bytes:
    parts = []
    while size := int((await reader.readline()).split(b";")[0], 16):
        parts.append(await reader.readexactly(size))
        await reader.readexactly(2)
    while await reader.readline() != b"\r\n":
        pass
    return b"".join(parts)
