"""A dispatch that knows a firm with workers, and short ways to read what it remembers."""

from collections.abc import AsyncIterator, Callable
from datetime import datetime
from types import SimpleNamespace
from typing import Any

import pytest
import pytest_asyncio

from dispatch import consumers
from dispatch.testing import a_ring, a_worker, an_organisation
from kit.contracts import ids
from kit.contracts.clock import Clock
from kit.db.store import Store
from kit.messaging.outbox import route
from testkit.telling import tell


@pytest_asyncio.fixture
async def store(database: Any, clock: Clock) -> AsyncIterator[Store]:
    """Dispatch's store on a database of its own."""
    opened = Store(await database("dispatch"), service="dispatch", clock=clock, vault=a_ring())
    yield opened
    await opened.close()


@pytest_asyncio.fixture
async def firm(store: Store) -> SimpleNamespace:
    """A firm with two workers: `organisation_id`, `workers`."""
    organisation_id, workers = ids.new(), [ids.new(), ids.new()]
    told = [
        an_organisation(organisation_id),
        *(a_worker(worker, organisation_id) for worker in workers),
    ]
    assert await tell(store, consumers.GROUP, *told) == {"applied": 3}
    return SimpleNamespace(organisation_id=organisation_id, workers=workers)


@pytest.fixture
def at(clock: Clock) -> Callable[[str], datetime]:
    """`at("2026-03-02 18:00")` moves the business clock to that instant of Shanghai."""

    def move(moment: str) -> datetime:
        return clock.set(datetime.fromisoformat(f"{moment}+08:00"))

    return move


@pytest.fixture
def rows(store: Store) -> Callable[..., Any]:
    """`await rows("select … $1", value)` = dictionaries."""

    async def read(statement: str, *values: Any) -> list[dict[str, Any]]:
        async with store.reading() as session:
            return [dict(row) for row in await (await session.driver()).fetch(statement, *values)]

    return read


@pytest.fixture
def messages(rows: Callable[..., Any]) -> Callable[..., Any]:
    """`await messages(OrderPlaced)` = the events of that type that wait in the outbox."""

    async def read(kind: Any) -> list[Any]:
        found = await rows(
            "select payload, headers from outbox where topic = $1 order by seq", route(kind).topic
        )
        return [
            kind.FromString(row["payload"])
            for row in found
            if f'"ce_type":"{route(kind).type}"' in row["headers"]
        ]

    return read


@pytest.fixture
def remember(store: Store) -> Callable[..., Any]:
    """`await remember(row, …)` keeps rows as they are."""

    async def keep(*kept: Any) -> None:
        async with store.transaction() as session:
            session.add_all(kept)

    return keep
