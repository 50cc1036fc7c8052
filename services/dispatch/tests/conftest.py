"""A dispatch that knows a firm with workers, and short ways to read what it stores."""

from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import datetime
from types import SimpleNamespace
from typing import TypeVar

import pytest
import pytest_asyncio
from google.protobuf.message import Message

from dispatch.settings import GROUP
from dispatch.testing import a_key_ring, a_worker, an_organisation
from kit.contracts import ids
from kit.contracts.clock import Clock
from kit.contracts.modules import import_all
from kit.db.store import Store
from kit.messaging.outbox import route
from testkit.databases import Databases
from testkit.delivery import deliver

Kind = TypeVar("Kind", bound=Message)

import_all("dispatch", "consumers")
import_all("dispatch", "jobs")


@pytest_asyncio.fixture
async def store(database: Databases, clock: Clock) -> AsyncIterator[Store]:
    """Dispatch's store on a database of its own."""
    opened = Store(await database("dispatch"), service="dispatch", clock=clock, vault=a_key_ring())
    yield opened
    await opened.close()


@pytest_asyncio.fixture
async def firm(store: Store) -> SimpleNamespace:
    """A firm with two workers: `organisation_id`, `workers`."""
    organisation_id = ids.new()
    workers = [ids.new(), ids.new()]
    events = [
        an_organisation(organisation_id),
        *(a_worker(worker, organisation_id) for worker in workers),
    ]
    assert await deliver(store, GROUP, *events) == {"applied": 3}
    return SimpleNamespace(organisation_id=organisation_id, workers=workers)


@pytest.fixture
def at(clock: Clock) -> Callable[[str], datetime]:
    """`at("2026-03-02 18:00")` moves the business clock to that instant of Shanghai."""

    def move(moment: str) -> datetime:
        return clock.set(datetime.fromisoformat(f"{moment}+08:00"))

    return move


@pytest.fixture
def rows(store: Store) -> Callable[..., Awaitable[list[dict[str, object]]]]:
    """`await rows("select … $1", value)` = dictionaries."""

    async def read(statement: str, *values: object) -> list[dict[str, object]]:
        async with store.reading() as session:
            driver = await session.driver()
            return [dict(row) for row in await driver.fetch(statement, *values)]

    return read


@pytest.fixture
def messages(rows: Callable[..., Awaitable[list[dict[str, bytes]]]]) -> Callable[..., object]:
    """`await messages(OrderPlaced)` = the events of that type that wait in the outbox."""

    async def read(kind: type[Kind]) -> list[Kind]:
        found = await rows(
            "select payload from outbox where topic = $1 and headers::jsonb ->> 'ce_type' = $2 "
            "order by seq",
            route(kind).topic,
            route(kind).type,
        )
        return [kind.FromString(row["payload"]) for row in found]

    return read


@pytest.fixture
def insert(store: Store) -> Callable[..., Awaitable[None]]:
    """`await insert(row, …)` stores rows as they are."""

    async def keep(*kept: object) -> None:
        async with store.transaction() as session:
            session.add_all(kept)

    return keep
