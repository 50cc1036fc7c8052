"""The history of the tables leads to the tables."""

import asyncio

import pytest

from devservers.postgres import execute
from kit.db import migrations

NAME = "migrated_dispatch"


@pytest.fixture
async def empty(postgres):
    await execute(postgres.dsn(), f"create database {NAME}")
    yield postgres.dsn(NAME)
    await execute(postgres.dsn(), f"drop database {NAME} with (force)")


async def test_up_down_and_up_again_leads_to_the_tables(empty):
    assert await asyncio.to_thread(migrations.upgrade, empty, "dispatch")
    await asyncio.to_thread(migrations.downgrade, empty, "dispatch")
    assert await migrations.revision(empty) is None
    assert await asyncio.to_thread(migrations.upgrade, empty, "dispatch")

    await asyncio.to_thread(migrations.check, empty, "dispatch")
