"""A supervision that knows a worker, and short ways to read what it stores."""

from collections.abc import AsyncIterator, Awaitable, Callable
from types import SimpleNamespace
from typing import TypeVar

import pytest
import pytest_asyncio
from google.protobuf.message import Message

from kit.contracts import ids
from kit.contracts.clock import Clock
from kit.contracts.modules import import_all
from kit.db.store import Store
from kit.messaging.outbox import route
from kit.rpc.client import Client
from kit.rpc.server import Server
from kit.security.access import Caller
from kit.security.identity import Identity
from supervision.complaints.api import Complaints
from supervision.settings import GROUP
from supervision.settlements.api import Audits
from supervision.testing import a_key_ring, a_worker
from testkit.databases import Databases
from testkit.delivery import deliver
from testkit.identity import Issuer

Kind = TypeVar("Kind", bound=Message)
Request = TypeVar("Request", bound=Message)
Reply = TypeVar("Reply", bound=Message)

import_all("supervision", "consumers")
import_all("supervision", "jobs")


@pytest_asyncio.fixture
async def store(database: Databases, clock: Clock) -> AsyncIterator[Store]:
    """Supervision's store on a database of its own."""
    opened = Store(
        await database("supervision"), service="supervision", clock=clock, vault=a_key_ring()
    )
    yield opened
    await opened.close()


@pytest_asyncio.fixture
async def firm(store: Store) -> SimpleNamespace:
    """A firm and its worker: `organisation_id`, `worker_id`."""
    firm = SimpleNamespace(organisation_id=ids.new(), worker_id=ids.new())
    await deliver(store, GROUP, a_worker(firm.worker_id, firm.organisation_id))
    return firm


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
    """`await messages(SettlementHeld)` = the events of that type that wait in the outbox."""

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
def act(store: Store) -> Callable[..., Awaitable[object]]:
    """`await act(flow, request, caller)` in a transaction of its own."""

    async def done(
        flow: Callable[..., Awaitable[Reply]], request: Message, caller: Caller
    ) -> Reply:
        async with store.transaction() as session:
            return await flow(session, request, caller)

    return done


@pytest_asyncio.fixture
async def call(store: Store, issuer: Issuer) -> AsyncIterator[Callable[..., object]]:
    """`await call("Audits/Get", request, token, key=…)`."""
    identity = Identity(issuer=issuer.url, audience="eldercare", keys_url=issuer.keys_url)
    server = Server([Audits(), Complaints()], store=store, identity=identity)
    await server.start()
    client = Client(f"127.0.0.1:{server.port}")

    async def called(
        method: str, request: Message, token: str, *, key: str | None = None
    ) -> Message:
        return await client.call(
            f"eldercare.supervision.v1.{method}",
            request,
            token=token,
            key=key or str(ids.new()),
            timeout=10,
        )

    yield called
    await client.close()
    await server.drain(grace_s=0.5)
    await identity.close()
