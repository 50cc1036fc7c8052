"""The gRPC server of a service: one street that every call walks."""

import asyncio
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from uuid import UUID

import grpc
import protovalidate
from google.protobuf.message import Message
from grpc_health.v1 import health
from grpc_health.v1.health_pb2 import HealthCheckResponse
from grpc_health.v1.health_pb2_grpc import add_HealthServicer_to_server
from grpc_reflection.v1alpha import reflection

from kit.contracts import ids, refusals, rules
from kit.contracts.phrases import Phrase
from kit.contracts.refusals import EldercareError, Malformed, Unauthenticated, Unavailable
from kit.db.raw_session import RawSession
from kit.db.store import Session, Store
from kit.messaging import outbox
from kit.observability import names, traces
from kit.observability.logs import log
from kit.rpc import idempotency, keys, status
from kit.rpc.methods import (
    CHANNELS,
    MESSAGE_MOST_BYTES,
    Call,
    Method,
    deadline,
    has_own_transactions,
    methods_of,
)
from kit.rpc.parsing import parsed
from kit.security.access import NOBODY
from kit.security.identity import Identity

DEADLINE_S = 5.0  # for callers who set none
ROUNDED_S = 0.1  # a deadline travels as a rounded span, so the caller's ends a little before ours
# calls at once; beyond it the caller gets RESOURCE_EXHAUSTED instead of waiting in a queue nobody
# sees
OPEN_MOST = 512
_OPTIONS = (
    ("grpc.max_receive_message_length", MESSAGE_MOST_BYTES),
    ("grpc.max_send_message_length", MESSAGE_MOST_BYTES),
    ("grpc.max_metadata_size", 32 * 1024),
    ("grpc.max_connection_age_ms", 300_000),  # so that round_robin clients find new replicas
    ("grpc.max_connection_age_grace_ms", 30_000),
    ("grpc.keepalive_time_ms", 60_000),
    ("grpc.keepalive_permit_without_calls", 1),
    ("grpc.http2.min_recv_ping_interval_without_data_ms", 20_000),
    ("grpc.so_reuseport", 0),  # two processes on one port would share its calls in silence
)
_LIVE, _READY = "live", "ready"

Context = grpc.aio.ServicerContext[bytes, bytes]
Metadata = Mapping[str, str]
Work = Callable[..., Awaitable[Message]]


class Server:
    """Answers the methods of servicers; a servicer is a plain class whose attribute `service` names
    its contract.

    listen: host:port, port 0 takes a free one; `port` is the one taken. reflection_on: whether
    strangers may list the methods. most: calls at once. open: calls being served.
    Raises: TypeError where a servicer lacks a method of its contract or has one too many.
    """

    def __init__(
        self,
        servicers: Sequence[object],
        *,
        store: Store,
        identity: Identity,
        listen: str = "127.0.0.1:0",
        reflection_on: bool = False,
        most: int = OPEN_MOST,
    ) -> None:
        self._store, self._identity = store, identity
        self._validator = protovalidate.Validator()
        self.open = 0
        self._server = grpc.aio.server(options=_OPTIONS, maximum_concurrent_rpcs=most)
        services = []
        for servicer in servicers:
            service, served = _served(servicer)
            services.append(service)
            handlers = {
                name: self._handler(method, work) for name, (method, work) in served.items()
            }
            self._server.add_generic_rpc_handlers(
                (grpc.method_handlers_generic_handler(service, handlers),)
            )
        self._health = health.aio.HealthServicer()  # type: ignore[attr-defined]
        add_HealthServicer_to_server(self._health, self._server)
        if reflection_on:
            reflection.enable_server_reflection([*services, reflection.SERVICE_NAME], self._server)
        self.port = self._server.add_insecure_port(listen)

    async def start(self) -> int:
        """Begins to answer; ready only after `ready(True)`. Returns the port."""
        await self._health.set(_LIVE, HealthCheckResponse.SERVING)
        await self.ready(False)
        await self._server.start()
        return self.port

    async def ready(self, ready: bool) -> None:
        """Says whether load balancers should send calls here."""
        serving = HealthCheckResponse.SERVING if ready else HealthCheckResponse.NOT_SERVING
        await self._health.set(_READY, serving)
        await self._health.set("", serving)

    async def drain(self, *, notice_s: float = 0.0, grace_s: float = 10.0) -> None:
        """Says NOT_SERVING, waits `notice_s` for balancers to hear it, then lets calls in flight
        finish for `grace_s`.
        """
        await self._health.enter_graceful_shutdown()
        await asyncio.sleep(notice_s)
        await self._server.stop(grace_s)

    def _handler(self, method: Method, work: Work) -> "grpc.RpcMethodHandler[bytes, bytes]":
        async def answer(raw: bytes, context: Context) -> bytes:
            return await self._answer(method, work, raw, context)

        # bytes in and out: what cannot be parsed is refused by us, with a reason, and inside the
        # span
        return grpc.unary_unary_rpc_method_handler(answer)

    async def _answer(self, method: Method, work: Work, raw: bytes, context: Context) -> bytes:
        began = time.perf_counter()
        sent = context.invocation_metadata() or ()
        metadata = {name: value for name, value in sent if isinstance(value, str)}
        code, reply, replayed = "OK", b"", False
        self.open += 1
        service, _, name = method.full_name.rpartition(".")
        attributes = {"rpc.system": "grpc", "rpc.service": service, "rpc.method": name}
        with traces.span(
            names.RPC_SERVED,
            parent=metadata.get("traceparent"),
            root=True,
            attributes=attributes,
            method=method.full_name,
        ) as span:
            try:
                left_s = context.time_remaining()
                until = time.monotonic() + (DEADLINE_S if left_s is None else left_s)
                deadline.set(until)
                if left_s is None:
                    async with asyncio.timeout(DEADLINE_S):
                        reply, replayed = await self._served(method, work, raw, metadata)
                else:
                    reply, replayed = await self._served(method, work, raw, metadata)
                if replayed:
                    context.set_trailing_metadata(((keys.REPLAYED, "true"),))
            except EldercareError as error:
                code = _refuse(context, error, method)
                span.set_attribute("eldercare.reason", error.reason)
            except TimeoutError:
                code = _refuse(context, Unavailable(method.full_name, _TOO_LATE), method)
            except Exception as error:  # noqa: BLE001 – answered as INTERNAL, and logged
                code = _fail(context, error, method)
            except asyncio.CancelledError:  # nobody waits for the answer any more
                code = "DEADLINE_EXCEEDED" if time.monotonic() > until - ROUNDED_S else "CANCELLED"
                raise
            finally:
                self.open -= 1
                span.set_attribute("rpc.grpc.status_code", code)
                names.RPC_DURATION.record(
                    time.perf_counter() - began, method=method.full_name, code=code
                )
        return reply

    async def _served(
        self, method: Method, work: Work, raw: bytes, metadata: Metadata
    ) -> tuple[bytes, bool]:
        """The reply, and whether it was given before."""
        call = await self._admitted(method, metadata)
        request = parsed(method, raw, self._validator, self._store.clock.today())
        outbox.cause.set(outbox.Cause(call.correlation_id))
        if has_own_transactions(work):
            reply = await work(request, self._store, call)
        elif method.writes:
            reply = await self._commanded(method, work, call, request)
        else:
            async with self._store.reading() as session:
                call.now = session.now
                reply = await work(request, session, call)
        return reply.SerializeToString(), call.replayed

    async def _commanded(self, method: Method, work: Work, call: Call, request: Message) -> Message:
        async def once(session: Session | RawSession) -> Message:
            call.now = session.now
            return await work(request, session, call)

        def replayed() -> None:
            call.replayed = True

        return await idempotency.run(
            # one program speaks for many people: what one of them was answered is not for another
            # who happens to use the same key
            self._store,
            call.key_scope,
            method.full_name,
            call.key or "",
            call.caller.subject.encode() + b"\0" + request.SerializeToString(deterministic=True),
            once,
            method.reply,
            raw=idempotency.is_raw(work),
            former_scope=call.client_id,
            on_replay=replayed,
        )

    async def _admitted(self, method: Method, metadata: Metadata) -> Call:
        token = None
        bearer = NOBODY
        if not (method.public and "authorization" not in metadata):
            token = _bearer(metadata.get("authorization"))
            bearer = await self._identity.verify(token)
        spoken_for = _bearer(metadata["on-behalf-of"]) if metadata.get("on-behalf-of") else None
        user = await self._identity.verify(spoken_for) if spoken_for else None
        caller, via = method.admit(bearer, user)
        channel = metadata.get("channel") or ("internal" if via else "api")
        if channel not in CHANNELS:
            raise Malformed("channel", rules.ONE_OF.of(names=", ".join(sorted(CHANNELS))))
        if channel == "internal" and not bearer.service:
            raise Malformed("channel", _INTERNAL)
        return Call(
            caller=caller,
            key=keys.of_call(metadata.get(keys.FIELD), needed=method.writes),
            channel=channel,
            now=self._store.clock.now(),
            correlation_id=_correlation(metadata.get("correlation-id")),
            via=via,
            method=method.full_name,
            token=spoken_for or (None if bearer.service else token),
        )


_INTERNAL = Phrase(
    "is `internal` only where a service of the platform calls",
    "只有平台的服务可以填写 internal",
    key="INTERNAL_CHANNEL",
)
_TOO_LATE = Phrase("no answer in time", "未能及时应答")


def _served(servicer: object) -> tuple[str, dict[str, tuple[Method, Work]]]:
    service: str = servicer.service  # type: ignore[attr-defined]
    methods = methods_of(service)
    offered = {name for name in dir(servicer) if name[0].isupper()}
    if offered != methods.keys():
        raise TypeError(
            f"{type(servicer).__name__} and {service} differ in "
            f"{', '.join(sorted(offered ^ methods.keys()))}"
        )
    return service, {name: (method, getattr(servicer, name)) for name, method in methods.items()}


def _bearer(header: str | bytes | None) -> str:
    if not header or isinstance(header, bytes):
        raise Unauthenticated(Phrase("no token came with the call", "调用没有带令牌"))
    scheme, _, token = header.partition(" ")
    if not token:
        return scheme
    if scheme.lower() != "bearer":
        raise Unauthenticated(
            Phrase("the authorization is no bearer token", "授权头不是 Bearer 令牌")
        )
    return token.strip()


def _correlation(given: str | None) -> str:
    try:
        return str(UUID(given)) if given else str(ids.new())
    except ValueError:
        return str(ids.new())


def _refuse(context: Context, error: EldercareError, method: Method) -> str:
    code, text, details = status.to_status(error)
    context.set_trailing_metadata(((status.TRAILER, details),))
    context.set_code(code)
    context.set_details(text)
    names.REFUSED.add(1, method=method.full_name, reason=error.reason)
    tell = log.warning if refusals.consequence(error).log == "warning" else log.info
    tell(
        "refused",
        method=method.full_name,
        reason=error.reason,
        code=code.name,
        fields=[field for field, _ in error.violations],
    )
    return code.name


def _fail(context: Context, error: Exception, method: Method) -> str:
    code, text, details = status.defect(traces.current_trace_id())
    context.set_trailing_metadata(((status.TRAILER, details),))
    context.set_code(code)
    context.set_details(text)
    log.error("failed", method=method.full_name, exc_info=error)
    return code.name
