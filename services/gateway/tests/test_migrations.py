"""The history of the tables leads to the tables, and back."""

import asyncio
import uuid
from collections.abc import AsyncIterator

import pytest_asyncio

from devservers.postgres import Postgres, execute
from kit.db import migrations


@pytest_asyncio.fixture
async def empty(postgres: Postgres) -> AsyncIterator[str]:
    name = f"empty_{uuid.uuid4().hex}"
    await execute(postgres.dsn(), f"create database {name}")
    yield postgres.dsn(name)
    await execute(postgres.dsn(), f"drop database {name} with (force)")


async def test_up_down_up_ends_at_the_tables(empty: str) -> None:
    for _ in range(2):
        await asyncio.to_thread(migrations.upgrade, empty, "gateway")
        await asyncio.to_thread(migrations.check, empty, "gateway")
        await asyncio.to_thread(migrations.downgrade, empty, "gateway")

    assert await migrations.revision(empty) is None
