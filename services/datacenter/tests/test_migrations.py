"""Up, down, up; the tables equal the newest revision."""

import asyncio
from collections.abc import Awaitable, Callable

from kit.db import migrations


async def test_the_tables_are_what_the_migrations_make(
    database: Callable[..., Awaitable[str]],
) -> None:
    dsn = await database()

    await asyncio.to_thread(migrations.check, dsn, "datacenter")


async def test_migrations_lead_down_and_up_again(database: Callable[..., Awaitable[str]]) -> None:
    dsn = await database()

    await asyncio.to_thread(migrations.downgrade, dsn, "datacenter")
    await asyncio.to_thread(migrations.upgrade, dsn, "datacenter")

    await asyncio.to_thread(migrations.check, dsn, "datacenter")
