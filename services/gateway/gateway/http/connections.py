"""One connection of HTTP: no body is dropped, and whoever sends nothing, too slowly or too long a
header is cut off.

Why ours: uvicorn bounds neither header nor time nor connections. Its other parser, h11, drops no
body and bounds the header, but costs a third of the answers per second. Hypercorn bounds times, not
the connections of a peer, and is built on h11 too.
"""

from asyncio import AbstractEventLoop, BaseTransport, TimerHandle, Transport
from collections import Counter
from typing import cast

import httptools
from uvicorn.config import Config
from uvicorn.protocols.http.httptools_impl import STATUS_LINE, HttpToolsProtocol
from uvicorn.server import ServerState

from gateway.http import language
from gateway.http.limits import ELSEWHERE, Bounds
from gateway.http.problems import Kind, Problem
from kit.contracts.phrases import Phrase
from kit.observability import names

# what a refused client still sends is thrown away for so long, so that it can read why; a reset
# would eat the answer
LINGER_S = 2.0
TOO_MANY_OPEN = Kind(
    503, "BUSY", Phrase("too many connections are open; come again", "连接过多，请稍后再来")
)
TOO_MANY_OF_YOURS = Kind(
    429,
    "TOO_MANY_CONNECTIONS",
    Phrase("too many connections from your address are open", "来自您地址的连接过多"),
)
NO_HTTP = Kind(400, "BAD_REQUEST", Phrase("this is no HTTP/1.1 request", "这不是 HTTP/1.1 请求"))
HEADER_TOO_LARGE = Kind(
    431,
    "HEADER_TOO_LARGE",
    Phrase("a header has at most {most} bytes", "请求头至多 {most} 字节"),
)
HEADER_TOO_SLOW = Kind(
    408,
    "HEADER_TOO_SLOW",
    Phrase("a header arrives within {most_s} s", "请求头须在 {most_s} 秒内到达"),
)
_UPGRADE = (b"upgrade", b"http2-settings")


class Connection(HttpToolsProtocol):
    """peers: how many connections each address has; shared by all connections of a server."""

    def __init__(
        self,
        config: Config,
        server_state: ServerState,
        app_state: dict[str, object],
        _loop: AbstractEventLoop | None = None,
        *,
        bounds: Bounds,
        peers: Counter[str],
    ) -> None:
        super().__init__(config, server_state, app_state, _loop)
        self._bounds = bounds
        self._peers = peers
        self._peer = ""
        self._unread = 0  # bytes that ended no header and held no body
        self._read = 0  # bytes of the last read
        self._headed = True  # the header of the last message is here
        self._whole = True  # all of the last message is here
        self._refused = False
        self._deadline: TimerHandle | None = None

    def connection_made(self, transport: BaseTransport) -> None:
        super().connection_made(cast(Transport, transport))
        self._peer = self.client[0] if self.client else ""
        self._peers[self._peer] += 1
        if len(self.connections) > self._bounds.connections:
            self._refuse(TOO_MANY_OPEN, retry_after_s=1)
            self.transport.close()
        elif self._peers[self._peer] > self._bounds.peer_connections:
            self._refuse(TOO_MANY_OF_YOURS, retry_after_s=1)
            self.transport.close()
        else:
            self._await_a_request()

    def connection_lost(self, error: Exception | None) -> None:
        self._no_deadline()
        self._unset_keepalive_if_required()
        self._peers[self._peer] -= 1
        if not self._peers[self._peer]:
            del self._peers[self._peer]
        super().connection_lost(error)

    def data_received(self, data: bytes) -> None:
        if self._refused:
            return
        self._unset_keepalive_if_required()
        self._read = len(data)
        self._unread += len(data)
        try:
            self._feed(data)
        except httptools.HttpParserError:
            if self._unread <= self._bounds.header_bytes:
                self._refuse(NO_HTTP)
        if self._unread > self._bounds.header_bytes:
            self._refuse(HEADER_TOO_LARGE.of(most=self._bounds.header_bytes))
        elif not self._headed:
            self._deadline = self._deadline or self.loop.call_later(
                self._bounds.header_s, self._late
            )
        elif self._whole and self._idle:
            self._await_a_request()

    def _feed(self, data: bytes) -> None:
        """Where a request asks for another protocol, the parser passes its body over: it is read
        again without the wish.

        A server may ignore the wish. Source: RFC 9110, 7.8.
        """
        while True:
            try:
                self.parser.feed_data(data)
                return
            except httptools.HttpParserUpgrade as upgrade:
                data = data[upgrade.args[0] :]
            if self.parser.get_method() == b"CONNECT":
                raise httptools.HttpParserError("no proxy")
            header = self._header_without_upgrade()
            self.parser = httptools.HttpRequestParser(self)
            self.parser.set_dangerous_leniencies(lenient_data_after_close=True)  # as uvicorn does
            self.parser.feed_data(header)

    def _header_without_upgrade(self) -> bytes:
        method = self.parser.get_method()
        version = self.parser.get_http_version().encode()
        lines = [b"%s %s HTTP/%s" % (method, self.url, version)]
        for name, value in self.headers:
            if name == b"connection":
                options = [option.strip() for option in value.split(b",")]
                kept = [option for option in options if option.lower() not in _UPGRADE]
                lines += [b"connection: " + option for option in kept]
            elif name not in _UPGRADE:
                lines.append(b"%s: %s" % (name, value))
        return b"\r\n".join((*lines, b"", b""))

    def on_message_begin(self) -> None:
        self._headed = self._whole = False
        super().on_message_begin()

    def on_headers_complete(self) -> None:
        if self._read > self._bounds.header_bytes:
            self._unread = len(self.url) + sum(
                len(name) + len(value) + 4 for name, value in self.headers
            )
            if self._unread > self._bounds.header_bytes:
                raise ValueError("the header is too long")
        self._headed = True
        self._unread = 0
        self._no_deadline()
        if not self.parser.should_upgrade():
            super().on_headers_complete()

    def on_body(self, body: bytes) -> None:
        self._unread = 0
        super().on_body(body)

    def on_message_complete(self) -> None:
        if self.parser.should_upgrade():
            return
        self._whole = True
        self._unread = 0
        self._no_deadline()
        super().on_message_complete()

    def on_response_complete(self) -> None:
        # answered before the body was here
        early = self._headed and not self._whole and not self.pipeline
        super().on_response_complete()
        if early:
            self._deadline = self._deadline or self.loop.call_later(LINGER_S, self.transport.close)

    @property
    def _idle(self) -> bool:
        return self.cycle is None or self.cycle.response_complete

    def _await_a_request(self) -> None:
        self.timeout_keep_alive_task = self.loop.call_later(
            self.timeout_keep_alive, self.timeout_keep_alive_handler
        )

    def _no_deadline(self) -> None:
        if self._deadline is not None:
            self._deadline.cancel()
            self._deadline = None

    def _late(self) -> None:
        self._refuse(HEADER_TOO_SLOW.of(most_s=f"{self._bounds.header_s:g}"))

    def _refuse(self, kind: Kind, *, retry_after_s: float | None = None) -> None:
        """Answers with a problem and closes; only closes where the answer to an earlier request is
        not yet complete.
        """
        self._refused = True
        self._no_deadline()
        unanswered = not self._idle and not self.cycle.response_started
        ours = self._headed and not self._whole and not self.pipeline and unanswered
        if self.transport.is_closing() or not (self._idle or ours):
            self.transport.close()
            return
        names.HTTP_DURATION.record(0.0, route=ELSEWHERE, code=str(kind.status))
        names.HTTP_FAILED.add(kind.status >= 500)
        answer = Problem(kind, retry_after_s=retry_after_s)
        answer.tell(language.of_headers(self.headers or ()))
        headers = (*answer.raw_headers, (b"connection", b"close"))
        lines = [b"%s: %s\r\n" % header for header in headers]
        body = bytes(answer.body)
        self.transport.write(b"".join((STATUS_LINE[kind.status], *lines, b"\r\n", body)))
        self.transport.write_eof()
        self._deadline = self.loop.call_later(LINGER_S, self.transport.close)
