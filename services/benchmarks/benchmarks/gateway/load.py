"""A client that costs little: requests made beforehand, keep-alive connections, one request under
way on each.
"""

import asyncio
import re
import statistics
import time
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import cast

_LENGTH = re.compile(rb"\r\ncontent-length: *(\d+)", re.IGNORECASE)
_OK = b"HTTP/1.1 200"


@dataclass(frozen=True)
class Measured:
    """per_s: answers. p99_ms: of the time from when a request was due until its answer;
    late_p99_ms: of what the client itself lost of it.

    answers: all of them, also those while warming up.
    """

    per_s: float
    p99_ms: float
    late_p99_ms: float
    answers: int


class _Line(asyncio.Protocol):
    """One connection; `idle` is called with itself when an answer has come whole."""

    def __init__(self, idle: Callable[["_Line", float], None]) -> None:
        self._idle = idle
        self._buffer = b""
        self._whole = 0
        self.due = 0.0
        self.lost: Exception | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)

    def ask(self, request: bytes, due: float) -> None:
        """Sends a request; due: when it ought to be sent, by the performance counter."""
        self.due = due
        self._transport.write(request)

    def data_received(self, data: bytes) -> None:
        self._buffer = self._buffer + data if self._buffer else data
        if not self._whole:
            head = self._buffer.find(b"\r\n\r\n")
            if head < 0:
                return
            length = _LENGTH.search(self._buffer, 0, head)
            if not self._buffer.startswith(_OK) or length is None:
                raise RuntimeError(f"not the answer that was expected: {self._buffer[:500]!r}")
            self._whole = head + 4 + int(length[1])
        if len(self._buffer) >= self._whole:
            self._buffer, self._whole = b"", 0
            self._idle(self, time.perf_counter() - self.due)

    def connection_lost(self, error: Exception | None) -> None:
        self.lost = error or ConnectionError("the server closed the connection")

    def close(self) -> None:
        self._transport.close()


async def _lines(port: int, count: int, idle: Callable[[_Line, float], None]) -> list[_Line]:
    loop = asyncio.get_running_loop()
    return [
        (await loop.create_connection(lambda: _Line(idle), "127.0.0.1", port))[1]
        for _ in range(count)
    ]


async def most(
    port: int, requests: Sequence[bytes], *, connections: int, seconds: float, warm_s: float
) -> Measured:
    """As many as are answered: each connection asks again as soon as it has its answer."""
    took: list[float] = []
    counting = time.perf_counter() + warm_s
    end, asked = counting + seconds, 0

    def idle(line: _Line, seconds: float) -> None:
        nonlocal asked
        if counting <= line.due < end:
            took.append(seconds)
        if (now := time.perf_counter()) < end:
            line.ask(requests[asked % len(requests)], now)
            asked += 1

    lines = await _lines(port, connections, idle)
    for line in lines:
        line.ask(requests[asked % len(requests)], time.perf_counter())
        asked += 1
    await asyncio.sleep(warm_s + seconds + 0.5)
    _closed(lines)
    return Measured(len(took) / seconds, _p99_ms(took), 0.0, asked)


async def paced(
    port: int,
    requests: Sequence[bytes],
    *,
    per_s: float,
    connections: int,
    seconds: float,
    warm_s: float,
) -> Measured:
    """At a fixed rate, whether or not the answers come in time; the time of a request counts from
    when it was due, waiting included.
    """
    took: list[float] = []
    late: list[float] = []
    free: deque[_Line] = deque()
    waiting: deque[float] = deque()
    began = time.perf_counter() + 0.1
    counting, end, sent = began + warm_s, began + warm_s + seconds, 0

    def ask(line: _Line, due: float) -> None:
        nonlocal sent
        line.ask(requests[sent % len(requests)], due)
        sent += 1

    def idle(line: _Line, seconds: float) -> None:
        if line.due >= counting:
            took.append(seconds)
        if waiting:
            ask(line, waiting.popleft())
        else:
            free.append(line)

    lines = await _lines(port, connections, idle)
    free.extend(lines)
    planned = int((warm_s + seconds) * per_s)
    for n in range(planned):
        due = began + n / per_s
        if (pause := due - time.perf_counter()) > 0:
            await asyncio.sleep(pause)
        if due >= counting:
            late.append(max(0.0, time.perf_counter() - due))
        if free:
            ask(free.popleft(), due)
        else:
            waiting.append(due)
    while (waiting or len(free) < len(lines)) and time.perf_counter() < end + 10:  # noqa: ASYNC110 – each answer would have to tell
        await asyncio.sleep(0.05)
    _closed(lines)
    return Measured(len(took) / seconds, _p99_ms(took), _p99_ms(late), sent)


def _closed(lines: Sequence[_Line]) -> None:
    lost = next((line.lost for line in lines if line.lost), None)
    for line in lines:
        line.close()
    if lost is not None:
        raise lost


def _p99_ms(seconds: Sequence[float]) -> float:
    return statistics.quantiles(seconds, n=100)[98] * 1000
