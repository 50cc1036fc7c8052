"""Calls to a neighbour: always with a deadline, inside the trace, and what it refuses comes back as
the refusal it was.
"""

import asyncio
import time
from collections.abc import Awaitable, Callable, Iterable
from typing import Protocol

import grpc
from google.protobuf.message import Message

from kit.contracts.phrases import Phrase
from kit.contracts.refusals import Unavailable
from kit.observability import names, traces
from kit.rpc import status
from kit.rpc.methods import MESSAGE_MOST_BYTES, Method, deadline, methods_of

TIMEOUT_S = 2.0
_OPTIONS = (
    ("grpc.lb_policy_name", "round_robin"),
    ("grpc.max_receive_message_length", MESSAGE_MOST_BYTES),
    ("grpc.max_send_message_length", MESSAGE_MOST_BYTES),
    ("grpc.max_metadata_size", 32 * 1024),
    ("grpc.keepalive_time_ms", 60_000),
    ("grpc.keepalive_timeout_ms", 10_000),
    ("grpc.initial_reconnect_backoff_ms", 100),
    ("grpc.max_reconnect_backoff_ms", 2_000),
    ("grpc.enable_retries", 0),  # who calls knows whether a second try is safe
)


class Tokens(Protocol):
    """Gives this service's own token."""

    async def token(self) -> str: ...


class Calling(Awaitable[Message], Protocol):
    """A call under way."""

    def cancel(self) -> bool: ...

    async def trailing_metadata(self) -> Iterable[tuple[str, str | bytes]]: ...


Stub = Callable[..., Calling]  # a method of the channel, which has no types


class NeighbourBroken(Exception):
    """The neighbour answered with a defect of its own: not the caller's fault, and a second try
    will not help.
    """


class Client:
    """One neighbour.

    address: host:port, or dns:///name:port to spread calls over replicas. token_source: speaks for
    this service where no token is given. timeout_s: most seconds of a call that gives none itself.
    """

    def __init__(
        self, address: str, *, token_source: Tokens | None = None, timeout_s: float = TIMEOUT_S
    ) -> None:
        self.address = address
        self._timeout_s = timeout_s
        self._token_source = token_source
        self._channel = grpc.aio.insecure_channel(address, options=_OPTIONS)
        self._methods: dict[str, tuple[Method, Stub]] = {}

    async def call(
        self,
        method: str,
        request: Message,
        *,
        timeout: float | None = None,
        key: str | None = None,
        token: str | None = None,
        on_behalf_of: str | None = None,
        channel: str | None = None,
        correlation_id: str | None = None,
        trailer: dict[str, str] | None = None,
        anonymous: bool = False,
    ) -> Message:
        """The reply of "pkg.Service/Method".

        timeout: seconds, cut to what is left of the call being served. key: idempotency key of a
        write. token: the caller's own, else this service's. on_behalf_of: the user's own token.
        trailer: takes what is said beside the reply, by name. anonymous: no token goes along.
        Raises: the refusal that the neighbour answered; Unavailable where it does not answer in
        time; NeighbourBroken.
        """
        called, stub = self._stub(method)
        metadata: list[tuple[str, str]] = []
        if not anonymous:
            metadata.append(("authorization", f"Bearer {token or await self._own()}"))
        for name, value in (
            ("idempotency-key", key),
            ("channel", channel),
            ("correlation-id", correlation_id),
            ("on-behalf-of", f"Bearer {on_behalf_of}" if on_behalf_of else None),
        ):
            if value:
                metadata.append((name, value))
        service, _, short = called.full_name.rpartition(".")
        code, began = "OK", time.perf_counter()
        attributes = {"rpc.system": "grpc", "rpc.service": service, "rpc.method": short}
        with traces.span(names.RPC_CALLED, attributes=attributes, method=called.full_name):
            metadata.append(("traceparent", traces.traceparent() or ""))
            most_s = self._timeout_s if timeout is None else timeout
            calling = stub(request, timeout=_left(most_s), metadata=tuple(metadata))
            try:
                reply = await calling
                if trailer is not None:
                    trailer |= {
                        name: value
                        for name, value in await calling.trailing_metadata() or ()
                        if isinstance(value, str)
                    }
                return reply
            except grpc.aio.AioRpcError as error:
                code = error.code().name
                refusal = status.error_from_status(error, service)
                if refusal is None:
                    raise NeighbourBroken(f"{called.full_name} answered {code}") from None
                raise refusal from None
            except asyncio.CancelledError:
                code = "CANCELLED"
                raise
            finally:
                # a call left behind by a cancelled task is never collected otherwise
                calling.cancel()
                names.RPC_CALL_DURATION.record(
                    time.perf_counter() - began, method=called.full_name, code=code
                )

    async def ready(self, *, timeout: float = TIMEOUT_S) -> None:
        """Waits for a connection. Raises: Unavailable."""
        try:
            await asyncio.wait_for(self._channel.channel_ready(), timeout)
        except TimeoutError as error:
            raise Unavailable(self.address) from error

    async def close(self) -> None:
        """Closes the connections."""
        await self._channel.close(None)

    async def _own(self) -> str:
        if self._token_source is None:
            raise Unavailable(
                "issuer",
                Phrase(
                    "this service has no token of its own: settings token_url and client_secret",
                    "本服务没有自己的令牌：请设置 token_url 和 client_secret",
                ),
            )
        return await self._token_source.token()

    def _stub(self, name: str) -> tuple[Method, Stub]:
        made = self._methods.get(name)
        if made is None:
            service, _, short = name.strip("/").rpartition("/")
            method = methods_of(service)[short]
            stub: Stub = self._channel.unary_unary(
                method.path,
                request_serializer=method.request.SerializeToString,
                response_deserializer=method.reply.FromString,
            )
            made = self._methods[name] = (method, stub)
        return made


def _left(timeout: float) -> float:
    until = deadline.get()
    return timeout if until is None else max(0.0, min(timeout, until - time.monotonic()))
