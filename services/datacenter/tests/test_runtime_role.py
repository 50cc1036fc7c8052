"""The service runs as a role that owns nothing: the owner migrates, the role hears, counts, proves
and rebuilds.
"""

import asyncio
import uuid
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence

import asyncpg
import pytest
import pytest_asyncio

from datacenter.counts.flows.rebuild import rebuild
from datacenter.proofs.recount.figures import Figures
from datacenter.testing.history import History
from datacenter.testing.records import DatedEvent, dispatched, records
from devservers.postgres import Postgres, ensure_database, execute
from kit.contracts.clock import Clock
from kit.db import migrations
from kit.db.migrations import grants
from kit.db.personal import KeyRing
from kit.db.store import Store


@pytest_asyncio.fixture
async def address(postgres: Postgres) -> AsyncIterator[str]:
    """That of the runtime role, in a database that its owner has migrated; neither is a superuser,
    nor the other's member.
    """
    name = f"roles_{uuid.uuid4().hex[:12]}"
    owner, runtime = f"{name}_owner", f"{name}-app"  # a name that has to be quoted
    await ensure_database(postgres.dsn(), name, role=owner, password="-")
    await execute(postgres.dsn(), f'create role "{runtime}" login')
    await asyncio.to_thread(migrations.upgrade, postgres.dsn(name, user=owner), "datacenter")
    await grants.grant(postgres.dsn(name, user=owner), [runtime, owner])
    yield postgres.dsn(name, user=runtime)
    await execute(
        postgres.dsn(),
        f"drop database {name} with (force)",
        f'drop role "{runtime}"',
        f"drop role {owner}",
    )


@pytest_asyncio.fixture
async def store(address: str, clock: Clock, ring: KeyRing) -> AsyncIterator[Store]:
    opened = Store(address, service="datacenter", clock=clock, vault=ring)
    yield opened
    await opened.close()


async def test_what_the_consumers_do_needs_no_owner(
    store: Store,
    shown: Callable[[str], Awaitable[Figures]],
    recount: Callable[[Sequence[DatedEvent], str], Figures],
) -> None:
    events = History(5).grow(20).ordered()
    async with store.transaction() as session:
        await dispatched(session, list(records(events)))

    assert await shown("2025-02") == recount(events, "2025-02")
    assert await rebuild(store) == len(events)
    assert await shown("2025-02") == recount(events, "2025-02")


async def test_the_runtime_role_changes_no_schema_and_empties_no_figures_that_are_shown(
    store: Store,
) -> None:
    async with store.reading() as session:
        live = await (await session.driver()).fetchval("select live from projection")
    for statement, refusal in (
        ("create table mine (n int)", asyncpg.InsufficientPrivilegeError),
        ("drop table archive", asyncpg.InsufficientPrivilegeError),
        ("truncate archive", asyncpg.InsufficientPrivilegeError),
        ("update alembic_version set version_num = 'other'", asyncpg.InsufficientPrivilegeError),
        (f"select empty_generation({live})", asyncpg.RaiseError),
    ):
        connection = await asyncpg.connect(store.dsn)
        try:
            with pytest.raises(refusal):
                await connection.execute(statement)
        finally:
            await connection.close()
