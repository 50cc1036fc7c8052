"""A small aggregate for the tests of the write path: pebbles that are counted, and the event that
says so.
"""

import importlib.util
import sys
from collections.abc import AsyncIterator, Callable
from datetime import UTC, datetime
from pathlib import Path
from types import ModuleType, SimpleNamespace
from uuid import UUID

import grpc_tools
import pytest
import pytest_asyncio
from eldercare.assessment.v1.events_pb2 import ApplicationWithdrawn
from google.protobuf import descriptor_pb2
from google.protobuf.timestamp_pb2 import Timestamp
from grpc_tools import protoc
from protovalidate._gen.buf.validate import validate_pb
from sqlmodel import Field

from devservers.postgres import execute
from kit.contracts.clock import Clock
from kit.db.store import Store
from kit.db.tables import TableBase

PROTOS = Path(__file__).parents[3] / "protos"
TABLE = (
    "create table pebble (pebble_id uuid primary key, version int not null, pushed int not null)"
)


class Pebble(TableBase, table=True):
    pebble_id: UUID = Field(primary_key=True)
    version: int = 0
    pushed: int = 0


class Plain:
    """A vault for tests of what is kept, not of how it is sealed."""

    def seal(self, text: str, kind: str = "") -> bytes:
        return b"sealed " + kind.encode() + b" " + text.encode()

    def open(self, value: bytes, kind: str = "") -> str:
        return value.removeprefix(b"sealed " + kind.encode() + b" ").decode()


@pytest.fixture
def withdrawn() -> Callable[[UUID], ApplicationWithdrawn]:
    """`withdrawn(id)` is a valid event whose key is that id."""

    def event(key: UUID) -> ApplicationWithdrawn:
        at = Timestamp()
        at.FromDatetime(datetime(2026, 3, 2, tzinfo=UTC))
        return ApplicationWithdrawn(
            application_id=str(key), elder_id=str(key), area_code="341102001003", withdrawn_at=at
        )

    return event


@pytest_asyncio.fixture
async def pebbles(database: Callable[[], object], clock: Clock) -> AsyncIterator[SimpleNamespace]:
    """A store with the table of pebbles, its DSN and the table's class."""
    dsn = await database()  # type: ignore[misc]
    await execute(dsn, TABLE)
    store = Store(dsn, service="kit", clock=clock, vault=Plain())
    yield SimpleNamespace(store=store, dsn=dsn, Pebble=Pebble)
    await store.close()


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
    assert (
        protoc.main(
            [
                "protoc",
                f"--descriptor_set_in={folder / 'validate.binpb'}",
                f"-I{here}",
                f"-I{PROTOS}",
                f"-I{site}",
                f"--python_out={folder}",
                "trial.proto",
            ]
        )
        == 0
    )
    found = importlib.util.spec_from_file_location("trial_pb2", folder / "trial_pb2.py")
    assert found
    assert found.loader
    module = importlib.util.module_from_spec(found)
    sys.modules["trial_pb2"] = module
    found.loader.exec_module(module)
    return module
