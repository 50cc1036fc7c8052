import asyncio
import base64
import json
import time
from collections import Counter
from collections.abc import AsyncIterator, Iterator
from types import ModuleType
from uuid import uuid4

import grpc
import pytest
from eldercare import options_pb2
from google.protobuf import descriptor_pb2, descriptor_pool, empty_pb2  # noqa: F401 -- the pool knows what was imported
from grpc_health.v1 import health_pb2, health_pb2_grpc
from grpc_reflection.v1alpha import reflection_pb2, reflection_pb2_grpc

from kit.contracts import refusals
from kit.contracts.phrases import Phrase
from kit.contracts.refusals import (
    Conflict,
    Denied,
    Malformed,
    NotFound,
    Refusal,
    Unauthenticated,
    Unavailable,
)
from kit.db.personal import KeyRing
from kit.db.store import Store
from kit.observability import names, setup, traces
from kit.rpc import methods, server, status
from kit.rpc.client import Client, NeighbourBroken
from kit.rpc.methods import Call, manages_transactions
from kit.rpc.server import Server
from kit.runtime.timers import due_now, set_timer
from kit.security.access import Caller
from kit.security.identity import Identity

SERVICE = "eldercare.trial.v1.Trials"


class AlreadyThere(Conflict):
    text = Phrase("thing {thing_id} is there already", "{thing_id} 已经存在")
    field = "thing_id"


class TooHigh(Refusal):
    text = Phrase("level {level} is too high", "等级 {level} 过高")


RAISED = [
    (
        Malformed("level", Phrase("is one of 0..4", "应为 0 至 4", key="LEVEL")),
        "INVALID_ARGUMENT",
        "MALFORMED",
    ),
    (NotFound("Thing", "7"), "NOT_FOUND", "NOT_FOUND"),
    (AlreadyThere(thing_id="7"), "ABORTED", "ALREADY_THERE"),
    (TooHigh(level=9), "FAILED_PRECONDITION", "TOO_HIGH"),
    (Denied(Phrase("not yours", "不属于您")), "PERMISSION_DENIED", "DENIED"),
    (Unauthenticated(Phrase("who?", "是谁？")), "UNAUTHENTICATED", "UNAUTHENTICATED"),
    (Unavailable("bank", retry_after_s=2.5), "UNAVAILABLE", "UNAVAILABLE"),
]


class Trials:
    service = SERVICE

    def __init__(self, trial: ModuleType) -> None:
        self.trial = trial
        self.calls: list[Call] = []
        self.raised: BaseException | None = None
        self.parents: list[str | None] = []
        self.soon = asyncio.Event()

    async def _answer(self, thing_id: str, call: Call):
        self.calls.append(call)
        self.parents.append(traces.traceparent())
        if self.raised:
            raise self.raised
        return self.trial.Thing(thing_id=thing_id)

    async def Put(self, request, session, call):
        await self._answer(request.thing_id, call)
        set_timer(session, session.now, "trial", str(len(self.calls)))
        return self.trial.Thing(thing_id=request.thing_id, level=request.level)

    async def Read(self, request, session, call):
        return await self._answer(request.thing_id, call)

    async def Tell(self, request, session, call):
        return await self._answer(request.thing_id, call)

    async def Sum(self, request, session, call):
        if request.thing_id == "soon":
            await self.soon.wait()
        if request.thing_id == "write":
            set_timer(session, session.now, "trial", "1")
        if request.thing_id == "slow":
            self.calls.append(call)
            await asyncio.sleep(30)
        return await self._answer(request.thing_id, call)

    @manages_transactions
    async def Span(self, request, store, call):
        async with store.transaction() as session:
            assert session.now
        return await self._answer(request.thing_id, call)


@pytest.fixture
def trials(trial: ModuleType) -> Iterator[Trials]:
    return Trials(trial)


@pytest.fixture
async def sealed_store(database, clock) -> AsyncIterator[Store]:
    key = base64.b64encode(bytes(32)).decode()
    opened = Store(await database(), service="kit", clock=clock, vault=KeyRing(f"k1:{key}", None))
    yield opened
    await opened.close()


@pytest.fixture
async def client(trials, sealed_store, issuer) -> AsyncIterator[Client]:
    identity = Identity(issuer=issuer.url, audience="eldercare", keys_url=issuer.keys_url)
    server = Server([trials], store=sealed_store, identity=identity, reflection_on=True)
    await server.start()
    await server.ready(True)
    client = Client(f"127.0.0.1:{server.port}", timeout_s=20)
    client.server = server
    yield client
    await client.close()
    await server.drain(grace_s=1)
    await identity.close()


@pytest.fixture
def official(issuer) -> str:
    return issuer.token(("official",), area="341100000000", subject="li")


async def test_a_read_is_answered_inside_the_callers_trace(client, trials, trial, official):
    with traces.span(names.SOLVED, kind="test"):
        trace_id = traces.current_trace_id()
        thing = await client.call(
            f"{SERVICE}/Read",
            trial.GetThing(thing_id="1"),
            token=official,
            correlation_id=str(uuid4()),
        )

    assert thing.thing_id == "1"
    call = trials.calls[0]
    assert call.caller == Caller("li", "tests", frozenset({"official"}), "341100000000")
    assert call.now.tzinfo is not None
    assert trials.parents[0].split("-")[1] == trace_id


@pytest.mark.parametrize(
    ("error", "code", "reason"), RAISED, ids=lambda value: type(value).__name__
)
async def test_a_refusal_comes_back_as_it_was_raised(
    client, trials, trial, official, error, code, reason
):
    trials.raised = error

    with pytest.raises(refusals.EldercareError) as caught:
        await client.call(f"{SERVICE}/Read", trial.GetThing(thing_id="1"), token=official)

    received = caught.value
    assert refusals.consequence(received).code == code
    assert (received.reason, str(received), received.violations) == (
        reason,
        str(error),
        error.violations,
    )
    assert received.facts == {name: str(fact) for name, fact in error.facts.items()}
    assert received.retry_after_s == error.retry_after_s


async def test_a_defect_leaks_nothing_but_its_trace(client, trials, trial, official):
    trials.raised = RuntimeError("password of 张三 is 7")

    with pytest.raises(NeighbourBroken) as caught:
        await client.call(f"{SERVICE}/Read", trial.GetThing(thing_id="1"), token=official)

    assert "张三" not in str(caught.value)
    stub = client._channel.unary_unary(f"/{SERVICE}/Read")
    with pytest.raises(grpc.aio.AioRpcError) as raw:
        await stub(b"", metadata=(("authorization", f"Bearer {official}"),), timeout=2)
    assert raw.value.details() == "internal error"
    trailer = dict(raw.value.trailing_metadata())[status.TRAILER]
    assert "张三".encode() not in trailer
    assert b"trace_id" in trailer


def _put(trial: ModuleType, **fields):
    return trial.PutThing(**{"thing_id": str(uuid4()), "level": 2, **fields})


async def test_a_write_with_the_same_key_has_one_effect_and_one_answer(
    client, sealed_store, trial, official
):
    request = _put(trial)

    answers = [
        await client.call(f"{SERVICE}/Put", request, token=official, key="k1") for _ in range(2)
    ]

    assert answers[0] == answers[1]
    assert answers[0].level == 2
    assert await due_now(sealed_store) == (1, 0)


async def test_two_at_once_with_the_same_key_have_one_answer(client, trial, official):
    request = _put(trial)

    answers = await asyncio.gather(
        *(
            client.call(f"{SERVICE}/Put", request, token=official, key="k1", timeout=10)
            for _ in range(8)
        )
    )

    assert len({answer.SerializeToString() for answer in answers}) == 1


async def test_a_key_belongs_to_one_request_of_one_client(client, issuer, trial, official):
    await client.call(f"{SERVICE}/Put", _put(trial), token=official, key="k1")
    other = issuer.token(("official",), area="341100000000", client_id="another program")

    await client.call(f"{SERVICE}/Put", _put(trial), token=other, key="k1")
    with pytest.raises(Conflict) as caught:
        await client.call(f"{SERVICE}/Put", _put(trial), token=official, key="k1")

    assert caught.value.reason == "KEY_REUSED"


@pytest.mark.parametrize("method", ["Put", "Span"])
async def test_a_write_needs_a_key(client, trials, trial, official, method):
    with pytest.raises(Malformed, match="idempotency-key"):
        await client.call(f"{SERVICE}/{method}", _put(trial), token=official)

    assert trials.calls == []


async def test_a_method_between_transactions_makes_its_own(client, trials, trial, official):
    await client.call(f"{SERVICE}/Span", _put(trial), token=official, key="k1")

    assert trials.calls[0].key == "k1"


async def test_every_broken_constraint_is_named(client, trials, trial, official):
    request = trial.PutThing(thing_id="x", tags=["a", ""], part=trial.Part(label="long"))

    with pytest.raises(Malformed) as caught:
        await client.call(f"{SERVICE}/Put", request, token=official, key="k1")

    assert {field for field, _ in caught.value.violations} == {
        "thing_id",
        "level",
        "tags[1]",
        "part.label",
    }
    assert all(rule for _, rule in caught.value.violations)
    assert trials.calls == []


async def test_bytes_that_are_no_message_are_malformed(client, official):
    stub = client._channel.unary_unary(f"/{SERVICE}/Read")

    with pytest.raises(grpc.aio.AioRpcError) as raw:
        await stub(b"\xff\xff", metadata=(("authorization", f"Bearer {official}"),), timeout=2)

    assert raw.value.code() is grpc.StatusCode.INVALID_ARGUMENT


async def test_without_a_valid_token_nobody_calls(client, issuer, trials, trial):
    tokens = [
        issuer.token(("official",), life_s=-60),
        issuer.token(("official",), aud="others"),
        issuer.token(("official",), iss="http://else"),
        "no.token.atall",
    ]

    for token in tokens:
        with pytest.raises(Unauthenticated):
            await client.call(f"{SERVICE}/Read", trial.GetThing(), token=token)
    with pytest.raises(grpc.aio.AioRpcError) as raw:
        await client._channel.unary_unary(f"/{SERVICE}/Read")(b"", timeout=2)

    assert raw.value.code() is grpc.StatusCode.UNAUTHENTICATED
    assert trials.calls == []


async def test_a_role_that_is_not_named_is_denied(client, issuer, trials, trial):
    with pytest.raises(Denied):
        await client.call(
            f"{SERVICE}/Read",
            trial.GetThing(),
            token=issuer.token(("provider",), organisation_id="o"),
        )

    assert trials.calls == []


async def test_an_open_method_takes_any_valid_token(client, issuer, trial):
    assert await client.call(f"{SERVICE}/Sum", trial.GetThing(thing_id="1"), token=issuer.token(()))


async def test_an_internal_method_takes_its_callers_alone_and_knows_the_user(
    client, issuer, trials, trial, official
):
    service = issuer.service_token("dispatch")

    with pytest.raises(Denied):
        await client.call(f"{SERVICE}/Tell", trial.GetThing(), token=issuer.token(("operator",)))
    stranger = issuer.service_token("facility")
    with pytest.raises(Denied):
        await client.call(f"{SERVICE}/Tell", trial.GetThing(), token=stranger)
    await client.call(f"{SERVICE}/Tell", trial.GetThing(), token=service)
    await client.call(f"{SERVICE}/Tell", trial.GetThing(), token=service, on_behalf_of=official)

    alone, spoken_for = trials.calls
    assert (alone.caller.subject, alone.via.subject, alone.channel) == (
        "dispatch",
        "dispatch",
        "internal",
    )
    assert (spoken_for.caller.subject, spoken_for.via.subject, spoken_for.client_id) == (
        "li",
        "dispatch",
        "dispatch",
    )
    assert (alone.token, spoken_for.token) == (None, official)


async def test_only_a_service_speaks_for_others_and_the_users_own_roles_count(
    client, issuer, trial, official
):
    provider = issuer.token(("provider",), organisation_id="o")

    with pytest.raises(Unauthenticated):
        await client.call(
            f"{SERVICE}/Read", trial.GetThing(), token=provider, on_behalf_of=official
        )
    with pytest.raises(Denied):
        await client.call(
            f"{SERVICE}/Read",
            trial.GetThing(),
            token=issuer.service_token("dispatch"),
            on_behalf_of=provider,
        )
    assert await client.call(
        f"{SERVICE}/Read",
        trial.GetThing(),
        token=issuer.service_token("dispatch"),
        on_behalf_of=official,
    )


async def test_an_unknown_channel_is_malformed(client, trial, official):
    with pytest.raises(Malformed, match="channel"):
        await client.call(f"{SERVICE}/Read", trial.GetThing(), token=official, channel="telepathy")


async def test_only_a_service_may_say_that_nobody_asked(client, issuer, trial, official):
    with pytest.raises(Malformed, match="channel"):
        await client.call(f"{SERVICE}/Read", trial.GetThing(), token=official, channel="internal")
    service = issuer.service_token("dispatch")
    assert await client.call(
        f"{SERVICE}/Read",
        trial.GetThing(),
        token=service,
        on_behalf_of=official,
        channel="internal",
    )


async def test_a_call_that_takes_too_long_is_unavailable_and_its_work_is_cancelled(
    client, trials, trial, official, until
):
    before = counted()
    with pytest.raises(Unavailable):
        await client.call(
            f"{SERVICE}/Sum", trial.GetThing(thing_id="slow"), token=official, timeout=0.2
        )

    await until(lambda: client.server.open == 0, 5)
    assert counted() - before == {
        ("served", "DEADLINE_EXCEEDED"): 1,
        ("called", "DEADLINE_EXCEEDED"): 1,
    }


async def test_a_caller_who_goes_away_ends_the_work_and_is_no_success(
    client, trials, trial, official, until
):
    before = counted()
    call = asyncio.create_task(
        client.call(f"{SERVICE}/Sum", trial.GetThing(thing_id="slow"), token=official, timeout=20)
    )
    await until(lambda: trials.calls, 5)

    call.cancel()
    await asyncio.wait((call,))

    await until(lambda: client.server.open == 0, 5)
    assert counted() - before == {("served", "CANCELLED"): 1, ("called", "CANCELLED"): 1}


def counted() -> Counter[tuple[str, str]]:
    """How many calls of Sum ended with each code, by the server's and by the client's count."""
    return Counter(
        {
            (side, code): sum(spread.counts)
            for side, metric in (
                ("served", names.RPC_DURATION),
                ("called", names.RPC_CALL_DURATION),
            )
            for (method, code), spread in metric.series.items()
            if method == f"{SERVICE}.Sum"
        }
    )


async def test_a_neighbour_that_is_not_there_is_unavailable(issuer, trial):
    client = Client("127.0.0.1:1")

    with pytest.raises(Unavailable):
        await client.call(f"{SERVICE}/Read", trial.GetThing(), token=issuer.token(), timeout=0.5)
    await client.close()


async def test_a_drain_is_reported_and_lets_calls_in_flight_finish(
    client, trials, trial, official, until
):
    call = asyncio.create_task(
        client.call(f"{SERVICE}/Sum", trial.GetThing(thing_id="soon"), token=official)
    )
    await until(lambda: client.server.open == 1)
    health = health_pb2_grpc.HealthStub(client._channel)

    draining = asyncio.create_task(client.server.drain(notice_s=0.2, grace_s=5))
    reply = await health.Check(health_pb2.HealthCheckRequest(service="ready"))
    trials.soon.set()

    assert (await call).thing_id == "soon"
    await draining
    assert reply.status == health_pb2.HealthCheckResponse.NOT_SERVING


async def test_a_caller_without_a_deadline_gets_one(client, trials, trial, official):
    stub = client._channel.unary_unary(
        f"/{SERVICE}/Sum", request_serializer=trial.GetThing.SerializeToString
    )
    called = asyncio.create_task(
        _awaited(
            stub(
                trial.GetThing(thing_id="slow"), metadata=(("authorization", f"Bearer {official}"),)
            )
        )
    )

    with pytest.raises(grpc.aio.AioRpcError) as raw:
        await asyncio.wait_for(called, server.DEADLINE_S + 3)

    assert raw.value.code() is grpc.StatusCode.UNAVAILABLE


async def _awaited(call):
    return await call


async def test_a_call_to_a_neighbour_ends_with_the_call_being_served(client, trial, official):
    began = time.monotonic()
    methods.deadline.set(began + 0.3)

    with pytest.raises(Unavailable):
        await client.call(
            f"{SERVICE}/Sum", trial.GetThing(thing_id="slow"), token=official, timeout=20
        )

    assert time.monotonic() - began < 3


async def test_a_read_has_no_transaction_to_write_in(client, trials, trial, official):
    with pytest.raises(NeighbourBroken):
        await client.call(f"{SERVICE}/Sum", trial.GetThing(thing_id="write"), token=official)


async def test_a_servicer_that_lacks_a_method_is_not_started(sealed_store, issuer):
    class Few:
        service = SERVICE

        async def Put(self, request, session, call): ...

    with pytest.raises(TypeError, match="Read, Span, Sum, Tell"):
        Server(
            [Few()],
            store=sealed_store,
            identity=Identity(issuer=issuer.url, audience="eldercare", keys_url=issuer.keys_url),
        )


async def test_refusals_and_defects_are_logged_without_token_or_body(
    client, trials, trial, official, capsys
):
    setup.install("kit")
    trials.raised = RuntimeError("phone 13800000001")

    with pytest.raises(NeighbourBroken):
        await client.call(f"{SERVICE}/Read", trial.GetThing(thing_id="secret-body"), token=official)

    written = capsys.readouterr().out
    line = next(json.loads(line) for line in written.splitlines() if '"failed"' in line)
    assert line["method"] == f"{SERVICE}.Read"
    assert line["trace_id"]
    assert not any(secret in written for secret in (official, "13800000001", "secret-body"))


async def test_more_calls_than_a_server_takes_are_refused_at_once(
    trials, sealed_store, issuer, trial, official, until
):
    identity = Identity(issuer=issuer.url, audience="eldercare", keys_url=issuer.keys_url)
    crowded = Server([trials], store=sealed_store, identity=identity, most=2)
    await crowded.start()
    client = Client(f"127.0.0.1:{crowded.port}")
    waiting = [
        asyncio.create_task(
            client.call(f"{SERVICE}/Sum", trial.GetThing(thing_id="soon"), token=official)
        )
        for _ in range(2)
    ]
    await until(lambda: crowded.open == 2, 5)

    stub = client._channel.unary_unary(
        f"/{SERVICE}/Read", request_serializer=trial.GetThing.SerializeToString
    )
    with pytest.raises(grpc.aio.AioRpcError) as refused:
        await stub(trial.GetThing(), timeout=5, metadata=(("authorization", f"Bearer {official}"),))

    assert refused.value.code() is grpc.StatusCode.RESOURCE_EXHAUSTED
    trials.soon.set()
    assert [reply.thing_id for reply in await asyncio.gather(*waiting)] == ["soon", "soon"]
    await client.close()
    await crowded.drain(grace_s=1)
    await identity.close()


async def test_strangers_may_list_what_a_server_answers_where_reflection_is_on(client):
    stub = reflection_pb2_grpc.ServerReflectionStub(client._channel)
    asked = reflection_pb2.ServerReflectionRequest(list_services="")

    [reply] = [answer async for answer in stub.ServerReflectionInfo(iter([asked]), timeout=5)]

    assert SERVICE in [service.name for service in reply.list_services_response.service]


def test_a_contract_that_streams_is_refused():
    file = descriptor_pb2.FileDescriptorProto(
        name="streams.proto", package="streams", syntax="proto3"
    )
    file.dependency.extend(["eldercare/options.proto", "google/protobuf/empty.proto"])
    empty = ".google.protobuf.Empty"
    method = file.service.add(name="Streams").method.add(
        name="Watch", input_type=empty, output_type=empty, server_streaming=True
    )
    method.options.Extensions[options_pb2.access].open = True
    pool = descriptor_pool.Default()
    pool.Add(file)

    with pytest.raises(TypeError, match="Watch streams"):
        methods.Method.of(pool.FindServiceByName("streams.Streams").methods_by_name["Watch"])
