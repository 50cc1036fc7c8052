"""The history of the tables."""

import asyncio
from collections.abc import Awaitable, Callable

from devservers.postgres import Postgres, execute
from kit.db import migrations


async def test_up_down_and_up_again_ends_where_the_tables_are(postgres: Postgres) -> None:
    await execute(postgres.dsn(), "create database subsidy_history")
    dsn = postgres.dsn("subsidy_history")

    assert await asyncio.to_thread(migrations.upgrade, dsn, "subsidy")
    assert await asyncio.to_thread(migrations.downgrade, dsn, "subsidy")
    assert await asyncio.to_thread(migrations.upgrade, dsn, "subsidy")

    await asyncio.to_thread(migrations.check, dsn, "subsidy")
    await execute(postgres.dsn(), "drop database subsidy_history with (force)")


async def test_two_that_start_at_once_make_the_index_beside_each_other(postgres: Postgres) -> None:
    await execute(postgres.dsn(), "create database subsidy_twice")
    dsn = postgres.dsn("subsidy_twice")

    async with asyncio.timeout(60):
        did = await asyncio.gather(
            *(asyncio.to_thread(migrations.upgrade, dsn, "subsidy") for _ in range(2))
        )

    assert sorted(did) == [False, True]
    await execute(postgres.dsn(), "drop database subsidy_twice with (force)")


async def test_an_index_whose_making_was_cut_off_is_made_anew(postgres: Postgres) -> None:
    await execute(postgres.dsn(), "create database subsidy_cut")
    dsn = postgres.dsn("subsidy_cut")
    await asyncio.to_thread(migrations.upgrade, dsn, "subsidy", "subsidy_debts_know_visits")
    await execute(
        dsn,
        "create index debt_voucher_id_ix on debt (voucher_id)",
        "update pg_index set indisvalid = false where indexrelid = 'debt_voucher_id_ix'::regclass",
    )

    await asyncio.to_thread(migrations.upgrade, dsn, "subsidy")

    await execute(
        dsn,
        "do $$ begin assert (select indisvalid from pg_index where indexrelid = "
        "'debt_voucher_id_ix'::regclass); end $$",
    )
    await execute(postgres.dsn(), "drop database subsidy_cut with (force)")


async def test_a_database_at_head_equals_the_tables(database: Callable[[], Awaitable[str]]) -> None:
    await asyncio.to_thread(migrations.check, await database(), "subsidy")
