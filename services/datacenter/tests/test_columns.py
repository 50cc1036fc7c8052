"""A measure that is declared has its column, whoever comes first, and no revision is written."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence

import asyncpg
import pytest

from datacenter.counts.flows.columns import complete, ensure_columns
from datacenter.counts.flows.rebuild import rebuild
from datacenter.counts.measures import COLUMNS
from datacenter.proofs.recount.figures import Figures
from datacenter.testing.history import History
from datacenter.testing.records import DatedEvent, Record, records
from kit.db import migrations
from kit.db.store import Store

Hear = Callable[[Sequence[Record]], Awaitable[None]]
LEFT_OUT = ("alive_80", "institutions_staffed", "dependent_female")
COUNTS = "select column_name::text from information_schema.columns where table_name = 'count'"


async def without(store: Store) -> None:
    """The database of a release that does not know some measures."""
    async with store.transaction() as session:
        driver = await session.driver()
        for name in LEFT_OUT:
            await driver.execute(f"alter table count drop column {name}")


async def columns(store: Store) -> set[str]:
    async with store.reading() as session:
        return {row[0] for row in await (await session.driver()).fetch(COUNTS)}


async def test_the_migrator_adds_the_columns_of_measures_that_are_new(store: Store) -> None:
    await without(store)

    assert await complete(store.dsn) == sorted(LEFT_OUT)
    assert await complete(store.dsn) == []

    assert set(COLUMNS) <= await columns(store)
    await asyncio.to_thread(migrations.check, store.dsn, "datacenter")


async def test_a_batch_before_the_migrator_adds_them_itself_and_is_counted(
    store: Store,
    hear: Hear,
    shown: Callable[[str], Awaitable[Figures]],
    recount: Callable[[Sequence[DatedEvent], str], Figures],
) -> None:
    await without(store)
    events = History(5).grow(20).ordered()

    await hear(list(records(events)))

    assert set(COLUMNS) <= await columns(store)
    assert await shown("2025-03") == recount(events, "2025-03")


async def test_a_rebuild_before_them_adds_them_itself(store: Store, hear: Hear) -> None:
    events = History(5).grow(5).ordered()
    await hear(list(records(events)))
    await without(store)

    later = Store(store.dsn, service="datacenter", clock=store.clock)  # another process
    try:
        assert await rebuild(later) == len(events)
    finally:
        await later.close()
    assert set(COLUMNS) <= await columns(store)


async def test_what_is_no_name_of_a_measure_becomes_no_column(store: Store) -> None:
    async with store.transaction() as session:
        with pytest.raises(asyncpg.RaiseError):
            await ensure_columns(await session.driver(), ["alive; drop table archive"])
