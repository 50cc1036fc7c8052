"""A small aggregate for the tests of the write path: pebbles that are counted, and the event that says so."""

from collections.abc import AsyncIterator, Callable
from datetime import UTC, datetime
from types import SimpleNamespace
from uuid import UUID

import pytest
import pytest_asyncio
from eldercare.assessment.v1.events_pb2 import ApplicationWithdrawn
from google.protobuf.timestamp_pb2 import Timestamp
from sqlmodel import Field

from kit.clock import Clock
from kit.servers.postgres import execute
from kit.store import Store
from kit.tables import Remembered

TABLE = "create table pebble (pebble_id uuid primary key, version int not null, pushed int not null)"


class Pebble(Remembered, table=True):
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
def said() -> Callable[[UUID], ApplicationWithdrawn]:
    """`said(id)` is a valid event whose key is that id."""

    def event(key: UUID) -> ApplicationWithdrawn:
        at = Timestamp()
        at.FromDatetime(datetime(2026, 3, 2, tzinfo=UTC))
        return ApplicationWithdrawn(application_id=str(key), elder_id=str(key), area_code="341102001003", withdrawn_at=at)

    return event


@pytest_asyncio.fixture
async def pebbles(database: Callable[[], object], clock: Clock) -> AsyncIterator[SimpleNamespace]:
    """A store with the table of pebbles, its DSN and the table's class."""
    dsn = await database()  # type: ignore[misc]
    await execute(dsn, TABLE)
    store = Store(dsn, service="kit", clock=clock, vault=Plain())
    yield SimpleNamespace(store=store, dsn=dsn, Pebble=Pebble)
    await store.close()
