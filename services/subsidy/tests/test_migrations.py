"""The history of the tables."""

import asyncio
from collections.abc import Awaitable, Callable

from kit import migrations
from kit.servers.postgres import Postgres, execute


async def test_up_down_and_up_again_ends_where_the_tables_are(postgres: Postgres) -> None:
    await execute(postgres.dsn(), "create database subsidy_history")
    dsn = postgres.dsn("subsidy_history")

    assert await asyncio.to_thread(migrations.upgrade, dsn, "subsidy")
    assert await asyncio.to_thread(migrations.downgrade, dsn, "subsidy")
    assert await asyncio.to_thread(migrations.upgrade, dsn, "subsidy")

    await asyncio.to_thread(migrations.check, dsn, "subsidy")
    await execute(postgres.dsn(), "drop database subsidy_history with (force)")


async def test_a_database_at_head_equals_the_tables(database: Callable[[], Awaitable[str]]) -> None:
    await asyncio.to_thread(migrations.check, await database(), "subsidy")
