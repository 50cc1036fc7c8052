"""The counts can be built anew beside those that are shown."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence

from datacenter.archive.flows.exclusive import RebuildRuns
from datacenter.counts.flows.rebuild import rebuild
from datacenter.proofs.recount.figures import Figures
from datacenter.testing.history import History
from datacenter.testing.records import DatedEvent, Record, records
from kit.db.store import Store

Hear = Callable[[Sequence[Record]], Awaitable[None]]
Shown = Callable[[str], Awaitable[Figures]]


async def test_a_rebuild_repairs_what_is_shown_and_the_next_batch_goes_on_from_it(
    store: Store,
    hear: Hear,
    shown: Shown,
    recount: Callable[[Sequence[DatedEvent], str], Figures],
) -> None:
    events = History(5).grow(20).ordered()
    stream = list(records(events))
    await hear(stream[:-200])
    async with store.transaction() as session:
        await (await session.driver()).execute("update count set alive = 7, finished = 9")

    folded = await rebuild(store)
    await hear(stream[-200:])

    assert folded == len(events) - 200
    for month in ("2025-02", "2025-04"):
        assert await shown(month) == recount(events, month)


async def test_events_that_come_during_a_rebuild_count_once(
    store: Store,
    hear: Hear,
    shown: Shown,
    recount: Callable[[Sequence[DatedEvent], str], Figures],
) -> None:
    events = History(6).grow(60).ordered()
    stream = list(records(events))
    half = len(stream) // 2
    await hear(stream[:half])

    async def go_on() -> None:
        for begin in range(half, len(stream), 50):
            await hear(stream[begin : begin + 50])

    await asyncio.gather(rebuild(store), go_on())
    await rebuild(store)

    assert await shown("2025-03") == recount(events, "2025-03")


async def test_two_rebuilds_do_not_run_at_once(store: Store, hear: Hear) -> None:
    await hear(list(records(History(7).grow(10).ordered())))

    outcomes = await asyncio.gather(rebuild(store), rebuild(store), return_exceptions=True)

    assert sum(isinstance(outcome, RebuildRuns) for outcome in outcomes) == 1


async def test_an_empty_archive_gives_empty_counts(store: Store) -> None:
    assert await rebuild(store) == 0
