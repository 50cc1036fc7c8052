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
Lines = tuple[asyncio.StreamReader, asyncio.StreamWriter]


class Broken(Exception):
    """The connection ended or the time was over before there was an answer; whether the request
    arrived nobody knows.
    """


@dataclass(frozen=True, slots=True)
class Answer:
    """kind: the content type."""

    status: int
    kind: str
    content: bytes

    def document(self) -> dict[str, Any]:
        """The body as JSON; a text of another type under `text`."""
        return (
            dict(json.loads(self.content))
            if "json" in self.kind
            else {"text": self.content.decode()}
        )


class Wire:
    """Connections to one address, each used again once its answer is whole."""

    def __init__(self, address: str, timeout_s: float) -> None:
        parts = urlsplit(address)
        self._secure = parts.scheme == "https"
        self._host, self._port = (
            parts.hostname or "127.0.0.1",
            parts.port or (443 if self._secure else 80),
        )
        self._root, self._name = parts.path.rstrip("/"), parts.netloc
        self._timeout_s, self._idle = timeout_s, list[Lines]()

    async def request(
        self,
        verb: str,
        path: str,
        headers: Mapping[str, str],
        body: bytes = b"",
        query: Mapping[str, Any] | None = None,
    ) -> Answer:
        """One request. Raises: Broken."""
        target = f"{self._root}{path}" + (f"?{urlencode(query)}" if query else "")
        lines = [
            f"{verb} {target} HTTP/1.1",
            f"Host: {self._name}",
            *(f"{name}: {value}" for name, value in headers.items()),
        ]
        if verb != "GET":
            lines.append(f"Content-Length: {len(body)}")
        sent = "\r\n".join(lines).encode() + END + body
        connection: Lines | None = None
        try:
            async with asyncio.timeout(self._timeout_s):
                connection = self._kept() or await self._opened()
                connection[1].write(sent)
                answer, again = await _read(connection[0])
        except (OSError, EOFError, TimeoutError, ValueError, asyncio.LimitOverrunError) as error:
            raise Broken(f"{verb} {path}: {type(error).__name__}") from error
        else:
            if again:
                self._idle.append(connection)
                connection = None
            return answer
        finally:
            if connection is not None:
                connection[1].close()

    async def close(self) -> None:
        """Ends the connections."""
        for _, writer in self._idle:
            writer.close()
        self._idle.clear()

    def _kept(self) -> Lines | None:
        while self._idle:
            reader, writer = self._idle.pop()
            if not reader.at_eof() and not writer.is_closing():
                return reader, writer
            writer.close()
        return None

    async def _opened(self) -> Lines:
        context = ssl.create_default_context() if self._secure else None
        return await asyncio.open_connection(
            self._host, self._port, limit=HEAD_MOST_BYTES, ssl=context
        )


async def _read(reader: asyncio.StreamReader) -> tuple[Answer, bool]:
    """An answer, and whether its connection can be used again."""
    head = (await reader.readuntil(END)).decode("latin-1")
    first, *rest = head[: -len(END)].split("\r\n")
    headers = {
        name.strip().lower(): value.strip()
        for name, _, value in (line.partition(":") for line in rest)
    }
    if "chunked" in headers.get("transfer-encoding", ""):
        content = await _chunks(reader)
    elif "content-length" in headers:
        content = await reader.readexactly(int(headers["content-length"]))
    else:
        raise ValueError("an answer tells its length")
    return Answer(int(first.split()[1]), headers.get("content-type", ""), content), headers.get(
        "connection", ""
    ).lower() != "close"


async def _chunks(reader: asyncio.StreamReader) -> bytes:
    parts = []
    while size := int((await reader.readline()).split(b";")[0], 16):
        parts.append(await reader.readexactly(size))
        await reader.readexactly(2)
    while await reader.readline() != b"\r\n":
        pass
    return b"".join(parts)
