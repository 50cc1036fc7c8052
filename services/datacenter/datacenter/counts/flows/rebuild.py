"""Builds the counts anew from the archive beside those that are shown, then swaps them; nobody
waits, and nothing is shown twice.

`python -m datacenter.counts.flows.rebuild` does it for the service's database (settings as for the
service) while the service runs. Exit code 1: it did not, and says why.
"""

import asyncio
import sys
from collections.abc import AsyncIterator, Iterable, Iterator, Sequence
from pathlib import Path
from time import monotonic

import asyncpg

from datacenter.archive.events import Row, decoded
from datacenter.archive.flows import exported
from datacenter.archive.flows.exclusive import LOCK, RebuildRuns
from datacenter.counts.flows.columns import ensure_columns
from datacenter.counts.flows.folding import fold
from datacenter.counts.flows.renewing import counted_by
from datacenter.counts.measures import COMPILED
from datacenter.indicators.catalogue import limits
from datacenter.subjects.compiled import Reading
from datacenter.subjects.declaration import When
from kit.contracts.refusals import EldercareError
from kit.db.store import Store, connect_options
from kit.observability.logs import log

_CHUNK = 10_000
_LOGGED_EVERY_S = 10.0
_NEAR = 2_000  # events that may be folded while the live projection waits
_REST = "select count(*) from (select from archive where batch > $1 limit $2) as rest"
_EVENTS = "select type, payload, time, sequence from archive where batch > $1 and batch <= $2"


async def rebuild(store: Store, folder: Path | None = None) -> int:
    """Returns how many events were folded. An aborted rebuild leaves what is shown as it was.

    folder: where the files of exported days are.
    Raises: RebuildRuns; DayExported, DayAltered where such a file cannot be read.
    """
    patient = connect_options(
        store.service, idle_in_transaction_session_timeout="0", statement_timeout="0"
    )
    reader = await asyncpg.connect(store.dsn, **patient)
    try:
        if not await reader.fetchval("select pg_try_advisory_lock($1)", LOCK):
            raise RebuildRuns()
        return await _rebuilt(
            store, reader, await exported.files(await exported.days(reader), folder)
        )
    finally:
        await reader.close()


async def _rebuilt(store: Store, reader: asyncpg.Connection, files: Sequence[Path]) -> int:
    async with store.transaction() as session:
        driver = await session.driver()
        target = 3 - await driver.fetchval("select live from projection")
        await ensure_columns(driver)
        await driver.execute("select empty_generation($1)", target)
        await driver.execute("delete from restated where generation = $1", target)
        await driver.execute("delete from pending where generation = $1", target)
    done = 0
    folded = _Folded()
    async for chunk in exported.events(files):
        await _fold(store, target, chunk)
        folded.add(len(chunk))
    while True:
        upto = await reader.fetchval("select batch from projection")
        if done and await reader.fetchval(_REST, done, _NEAR) < _NEAR:
            break
        async for chunk in _chunks(reader, done, upto):
            await _fold(store, target, chunk)
            folded.add(len(chunk))
        done = upto
        if not done:
            break
    async with store.transaction() as session:
        driver = await session.driver()
        upto = await driver.fetchval("select batch from projection for update")
        rest = await driver.fetch(_EVENTS, done, upto)
        await fold(driver, target, _readings(rest), limits())
        await driver.execute(
            "update projection set live = $1, counted_by = $2, counted_to = batch",
            target,
            counted_by(),
        )
    folded.add(len(rest))
    log.info("counts rebuilt", events=folded.events, generation=target)
    return folded.events


class _Folded:
    """How many events, logged now and then: a large archive takes hours."""

    def __init__(self) -> None:
        self.events = 0
        self._logged_at = monotonic()

    def add(self, events: int) -> None:
        self.events += events
        if monotonic() - self._logged_at > _LOGGED_EVERY_S:
            self._logged_at = monotonic()
            log.info("counts are being rebuilt", events=self.events)


async def _fold(store: Store, target: int, chunk: list[Row]) -> None:
    async with store.transaction() as session:
        await (await session.driver()).execute(
            "set local idle_in_transaction_session_timeout = 0"
        )  # locks nothing shown
        await fold(await session.driver(), target, _readings(chunk), limits())


async def _chunks(reader: asyncpg.Connection, after: int, upto: int) -> AsyncIterator[list[Row]]:
    """The archive's events of these batches, as they lie in it: folding needs no order."""
    async with reader.transaction(isolation="repeatable_read", readonly=True):
        cursor = await reader.cursor(_EVENTS, after, upto)
        while chunk := await cursor.fetch(_CHUNK):
            yield chunk


def _readings(rows: Iterable[Row]) -> Iterator[tuple[int, Reading]]:
    for event, time, sequence in decoded(rows):
        when = When.of(time, sequence)
        yield when.reported_on, COMPILED.read(event, when, limits())


async def _main() -> int:
    from datacenter.settings import Settings
    from kit.contracts.clock import Clock
    from kit.runtime.entry import settings

    given = settings(Settings)
    store = Store(
        given.database.get_secret_value(), service=given.service, clock=Clock(given.clock_file)
    )
    try:
        await rebuild(store, given.archive_files)
    except EldercareError as error:
        sys.stderr.write(f"not rebuilt: {error}\n")
        return 1
    finally:
        await store.close()
    return 0


if __name__ == "__main__":
    sys.exit(asyncio.run(_main()))
