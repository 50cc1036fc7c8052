"""A supervision that knows a worker, and short ways to read what it remembers."""

from collections.abc import AsyncIterator, Callable
from types import SimpleNamespace
from typing import Any

import pytest
import pytest_asyncio

from kit.contracts import ids
from kit.contracts.clock import Clock
from kit.db.store import Store
from kit.messaging.outbox import route
from supervision import consumers
from supervision.testing import a_ring, a_worker
from testkit.telling import tell


@pytest_asyncio.fixture
async def store(database: Any, clock: Clock) -> AsyncIterator[Store]:
    """Supervision's store on a database of its own."""
    opened = Store(
        await database("supervision"), service="supervision", clock=clock, vault=a_ring()
    )
    yield opened
    await opened.close()


@pytest_asyncio.fixture
async def firm(store: Store) -> SimpleNamespace:
    """A firm and its worker: `organisation_id`, `worker_id`."""
    firm = SimpleNamespace(organisation_id=ids.new(), worker_id=ids.new())
    await tell(store, consumers.GROUP, a_worker(firm.worker_id, firm.organisation_id))
    return firm


@pytest.fixture
def rows(store: Store) -> Callable[..., Any]:
    """`await rows("select … $1", value)` = dictionaries."""

    async def read(statement: str, *values: Any) -> list[dict[str, Any]]:
        async with store.reading() as session:
            return [dict(row) for row in await (await session.driver()).fetch(statement, *values)]

    return read


@pytest.fixture
def messages(rows: Callable[..., Any]) -> Callable[..., Any]:
    """`await messages(SettlementHeld)` = the events of that type that wait in the outbox."""

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
def act(store: Store) -> Callable[..., Any]:
    """`await act(flow, request, caller)` in a transaction of its own."""

    async def done(flow: Any, request: Any, caller: Any) -> Any:
        async with store.transaction() as session:
            return await flow(session, request, caller)

    return done
