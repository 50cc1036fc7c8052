import asyncio
import importlib.util
import sys
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from types import ModuleType
from uuid import uuid4

import grpc
import grpc_tools
import pytest
from google.protobuf import descriptor_pb2
from grpc_tools import protoc
from protovalidate._gen.buf.validate import validate_pb

from kit import observe, refusals, rpc
from kit.access import Caller
from kit.identity import Identity
from kit.refusals import Conflict, Denied, Malformed, NotFound, Refusal, Unauthenticated, Unavailable
from kit.rpc import status

PROTOS = Path(__file__).parents[3] / "protos"
SERVICE = "eldercare.trial.v1.Trials"


@pytest.fixture(scope="session")
def trial(tmp_path_factory: pytest.TempPathFactory) -> ModuleType:
    """The generated module of trial.proto."""
    if (made := sys.modules.get("trial_pb2")) is not None:
        return made
    folder = tmp_path_factory.mktemp("trial")
    constraints = descriptor_pb2.FileDescriptorSet()
    constraints.file.add().ParseFromString(validate_pb.desc().proto.to_binary())
    (folder / "validate.binpb").write_bytes(constraints.SerializeToString())
    site = Path(grpc_tools.__file__).parent / "_proto"
    here = Path(__file__).parent
    assert protoc.main([
        "protoc", f"--descriptor_set_in={folder / 'validate.binpb'}", f"-I{here}", f"-I{PROTOS}", f"-I{site}",
        f"--python_out={folder}", "trial.proto",
    ]) == 0
    found = importlib.util.spec_from_file_location("trial_pb2", folder / "trial_pb2.py")
    assert found
    assert found.loader
    module = importlib.util.module_from_spec(found)
    sys.modules["trial_pb2"] = module
    found.loader.exec_module(module)
    return module


class AlreadyThere(Conflict):
    def __init__(self, thing_id: str) -> None:
        super().__init__(f"thing {thing_id} is there already", field="thing_id", thing_id=thing_id)


class TooHigh(Refusal):
    text = "level {level} is too high"


RAISED = [
    (Malformed("level", "must be 0..4"), "INVALID_ARGUMENT", "MALFORMED"),
    (NotFound("Thing", "7"), "NOT_FOUND", "NOT_FOUND"),
    (AlreadyThere("7"), "ABORTED", "ALREADY_THERE"),
    (TooHigh(level=9), "FAILED_PRECONDITION", "TOO_HIGH"),
    (Denied("not yours"), "PERMISSION_DENIED", "DENIED"),
    (Unauthenticated("who?"), "UNAUTHENTICATED", "UNAUTHENTICATED"),
    (Unavailable("bank", retry_after_s=2.5), "UNAVAILABLE", "UNAVAILABLE"),
]


class Trials:
    service = SERVICE

    def __init__(self, trial: ModuleType) -> None:
        self.trial = trial
        self.calls: list[rpc.Call] = []
        self.raised: BaseException | None = None
        self.parents: list[str | None] = []

    async def _said(self, thing_id: str, call: rpc.Call):
        self.calls.append(call)
        self.parents.append(observe.traceparent())
        if self.raised:
            raise self.raised
        return self.trial.Thing(thing_id=thing_id)

    async def Put(self, request, session, call):
        await self._said(request.thing_id, call)
        return self.trial.Thing(thing_id=request.thing_id, level=request.level)

    async def Read(self, request, session, call):
        return await self._said(request.thing_id, call)

    async def Tell(self, request, session, call):
        return await self._said(request.thing_id, call)

    async def Sum(self, request, session, call):
        if request.thing_id == "slow":
            self.calls.append(call)
            await asyncio.sleep(30)
        return await self._said(request.thing_id, call)

    @rpc.between
    async def Span(self, request, store, call):
        async with store.transaction() as session:
            assert session.now
        return await self._said(request.thing_id, call)


@pytest.fixture
def trials(trial: ModuleType) -> Iterator[Trials]:
    return Trials(trial)


@pytest.fixture
async def client(trials, store, issuer) -> AsyncIterator[rpc.Client]:
    identity = Identity(issuer=issuer.url, audience="eldercare", keys_url=issuer.keys_url)
    server = rpc.Server([trials], store=store, identity=identity, reflection_on=True)
    await server.start()
    await server.ready(True)
    client = rpc.Client(f"127.0.0.1:{server.port}")
    client.server = server
    yield client
    await client.close()
    await server.drain(grace_s=1)
    await identity.close()


@pytest.fixture
def official(issuer) -> str:
    return issuer.token(("official",), area="341100000000", subject="li")


async def test_a_read_is_answered_inside_the_callers_trace(client, trials, trial, official):
    with observe.span(observe.names.SOLVED, kind="test"):
        trace_id = observe.current_trace_id()
        thing = await client.call(f"{SERVICE}/Read", trial.GetThing(thing_id="1"), token=official, correlation_id=str(uuid4()))

    assert thing.thing_id == "1"
    call = trials.calls[0]
    assert call.caller == Caller("li", "tests", frozenset({"official"}), "341100000000")
    assert call.now.tzinfo is not None
    assert trials.parents[0].split("-")[1] == trace_id


@pytest.mark.parametrize(("error", "code", "reason"), RAISED, ids=lambda value: type(value).__name__)
async def test_a_refusal_comes_back_as_it_was_raised(client, trials, trial, official, error, code, reason):
    trials.raised = error

    with pytest.raises(refusals.EldercareError) as caught:
        await client.call(f"{SERVICE}/Read", trial.GetThing(thing_id="1"), token=official)

    heard = caught.value
    assert refusals.consequence(heard).code == code
    assert (heard.reason, str(heard), heard.violations) == (reason, str(error), error.violations)
    assert heard.facts == {name: str(fact) for name, fact in error.facts.items()}
    assert heard.retry_after_s == error.retry_after_s


async def test_a_defect_leaks_nothing_but_its_trace(client, trials, trial, official):
    trials.raised = RuntimeError("password of 张三 is 7")

    with pytest.raises(rpc.NeighbourBroken) as caught:
        await client.call(f"{SERVICE}/Read", trial.GetThing(thing_id="1"), token=official)

    assert "张三" not in str(caught.value)
    stub = client._channel.unary_unary(f"/{SERVICE}/Read")
    with pytest.raises(grpc.aio.AioRpcError) as raw:
        await stub(b"", metadata=(("authorization", f"Bearer {official}"),), timeout=2)
    assert raw.value.details() == "internal error"
    told = dict(raw.value.trailing_metadata())[status.TRAILER]
    assert "张三".encode() not in told
    assert b"trace_id" in told
