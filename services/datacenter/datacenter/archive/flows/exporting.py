"""Days leave the archive as files, and come back: what an operator does with `eldercare archive`.

A day leaves in this order: the file is written, has its name, is read back and compared with what
was read from the partition; then one transaction compares the partition once more, notes the file
and drops the partition. A kill between any two steps leaves the partition as it was, or the file
noted and whole; the same command goes on from there.
"""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import date, datetime
from pathlib import Path
from typing import NamedTuple
from uuid import UUID

import asyncpg
import duckdb

from datacenter import months
from datacenter.archive.flows import dayfiles, exported
from datacenter.archive.flows.exclusive import LOCK, RebuildRuns
from datacenter.archive.tables import ArchivedDay
from kit.contracts.clock import local_day
from kit.contracts.phrases import Phrase
from kit.contracts.refusals import Conflict, Refusal
from kit.db.retention import INBOX_KEPT
from kit.db.store import Contended, Store, connect_options

TRIES, REST_S = 30, 5.0  # a proof of a large archive may hold it for minutes

Progress = Callable[[date, str, int, int], None]  # day, step, rows done, rows in all

_PARTITIONS = """
select c.relname, c.reltuples::bigint, pg_total_relation_size(c.oid)
from pg_inherits i join pg_class c on c.oid = i.inhrelid
where i.inhparent = 'archive'::regclass order by 1"""
_ROWS = ", ".join(
    '(extract(epoch from "time") * 1000000)::bigint' if name == "time" else f'"{name}"'
    for name in dayfiles.COLUMNS
)


REPETITIONS = Phrase(
    "only by the archive is a repetition known, and events may come again for {days} days",
    "只有归档能识别重复事件，而事件在 {days} 天内可能再次到达",
    key="REPETITIONS",
)
OPEN_FIGURES = Phrase(
    "it has events of {month}, and figures of the present month and the one before are open",
    "其中有 {month} 的事件，而本月和上月的指标尚未关账",
    key="OPEN_FIGURES",
)


class DayOpen(Refusal):
    """A day may not leave the archive yet."""

    text = Phrase("{day} stays in the database: {rule}", "{day} 留在数据库中：{rule}")


class DayGrew(Conflict):
    """An event of a day came while it was exported; the day stays, and exporting it again takes the
    event along.
    """

    text = Phrase(
        "an event of {day} came meanwhile; export it again", "其间收到 {day} 的事件，请重新导出"
    )


class Partition(NamedTuple):
    """A day of the archive. rows: as PostgreSQL estimates them, where it is in the database. file:
    where it is, if it left.
    """

    day: date
    rows: int
    bytes: int
    file: str


class _Read(NamedTuple):
    """What was read from a partition."""

    digest: dayfiles.Digest
    first: UUID
    last: UUID
    newest: datetime


async def listed(store: Store) -> list[Partition]:
    """All days, oldest first."""
    async with store.reading() as session:
        driver = await session.driver()
        there = []
        for table, rows, size in await driver.fetch(_PARTITIONS):
            counted = rows if rows >= 0 else await driver.fetchval(f"select count(*) from {table}")  # noqa: S608 – a name of the catalogue
            there.append(Partition(_day(table), counted, size, ""))
        gone = [Partition(day.day, day.rows, 0, day.file) for day in await exported.days(driver)]
    return sorted(there + gone)


def _day(table: str) -> date:
    return datetime.strptime(table.removeprefix("archive_p"), "%Y%m%d").date()  # noqa: DTZ007 – a day of UTC


def name(day: date) -> str:
    """The partition of a day."""
    return f"archive_p{day:%Y%m%d}"


async def export(
    store: Store,
    folder: Path,
    before: date,
    *,
    keep: bool = False,
    progress: Progress = lambda *_: None,
    rest_s: float = REST_S,
) -> list[Path]:
    """Writes each day before `before` into a file of its own and drops it from the database;
    returns the files.

    folder: an absolute path. keep: the days stay in the database. rest_s: pause until the next try,
    where others hold the archive. Raises: DayOpen before anything is written; DayGrew, DayAltered,
    RebuildRuns; Contended where the archive was never free.
    """
    async with alone(store):
        days = await _leaving(store, before)
        files = []
        for day in days:
            file = folder / dayfiles.name_of(day)
            read = await write(store, file, day, progress)
            await verify(file, day, read.digest, progress)
            if not keep:
                await _dropped(store, file, day, read, rest_s)
            files.append(file)
    return files


@asynccontextmanager
async def alone(store: Store) -> AsyncIterator[None]:
    """No rebuild and no other export runs meanwhile. Raises: RebuildRuns."""
    connection = await asyncpg.connect(store.dsn, **connect_options(store.service))
    try:
        if not await connection.fetchval("select pg_try_advisory_lock($1)", LOCK):
            raise RebuildRuns
        yield
    finally:
        await connection.close()


async def _leaving(store: Store, before: date) -> list[date]:
    """The days of the database before this one that have events. Raises: DayOpen."""
    days = []
    async with store.reading(snapshot=True) as session:
        driver = await session.driver()
        await driver.execute("set local statement_timeout = 0")
        for table, _, _ in await driver.fetch(_PARTITIONS):
            if (day := _day(table)) < before:
                newest = await driver.fetchval(f"select max(time) from {table}")  # noqa: S608 – a name of the catalogue
                _refuse_open(
                    day, newest, store.clock.real().date(), months.of_day(store.clock.today())
                )
                if newest is not None:
                    days.append(day)
    return days


def _refuse_open(day: date, newest: datetime | None, today: date, present: int) -> None:
    """Whether a day may leave: nothing can bring one of its events again, and none of its events is
    of a month whose figures still change.

    Raises: DayOpen.
    """
    if day >= today - INBOX_KEPT:
        raise DayOpen(
            day=str(day),
            rule=REPETITIONS.of(days=INBOX_KEPT.days),
        )
    if newest is not None and (month := months.of_day(local_day(newest))) >= present - 1:
        raise DayOpen(day=str(day), rule=OPEN_FIGURES.of(month=months.text(month)))


async def write(store: Store, file: Path, day: date, progress: Progress = lambda *_: None) -> _Read:
    """Step one: writes a partition into its file. What another export began is begun anew. Raises:
    OSError, for a full disk say.
    """
    digest, first, last, newest = dayfiles.Digest(), UUID(int=(1 << 128) - 1), UUID(int=0), 0
    draft = None
    try:
        draft = await asyncio.to_thread(dayfiles.Draft, file)
        async with store.reading(snapshot=True) as session:
            driver = await session.driver()
            await driver.execute(
                "set local statement_timeout = 0; set local idle_in_transaction_session_timeout = 0"
            )
            total = await driver.fetchval(f"select count(*) from {name(day)}")  # noqa: S608 – a day
            cursor = await driver.cursor(f"select {_ROWS} from {name(day)}")  # noqa: S608 – columns of ours and a day
            while found := await cursor.fetch(dayfiles.CHUNK):
                rows = [tuple(row) for row in found]
                digest.add(rows)
                await asyncio.to_thread(draft.add, rows)
                first, last = (
                    min(first, *(row[0] for row in rows)),
                    max(last, *(row[0] for row in rows)),
                )
                newest = max(newest, *(row[7] for row in rows))
                progress(day, "written", digest.rows, total)
        await asyncio.to_thread(draft.write)
        await asyncio.to_thread(draft.keep)
    except duckdb.Error as error:
        raise OSError(f"{file}: {error}") from error
    finally:
        if draft is not None:
            await asyncio.to_thread(draft.drop)
    return _Read(digest, first, last, dayfiles.instant(newest))


async def verify(
    file: Path, day: date, wanted: dayfiles.Digest, progress: Progress = lambda *_: None
) -> None:
    """Step two: reads the file back. Raises: DayAltered where it does not hold exactly the rows
    that were written.
    """
    await compared(file, day, wanted.rows, wanted.hexdigest(), progress)


async def compared(file: Path, day: date, rows: int, digest: str, progress: Progress) -> None:
    """Reads a file and compares number and digest of its rows. Raises: DayAltered."""
    made = dayfiles.Digest()
    try:
        chunks = dayfiles.rows(file)
        while chunk := await asyncio.to_thread(next, chunks, None):
            made.add(chunk)
            progress(day, "read back", made.rows, rows)
    except duckdb.Error:
        raise exported.DayAltered(day=str(day), file=str(file)) from None
    if (made.rows, made.hexdigest()) != (rows, digest):
        raise exported.DayAltered(day=str(day), file=str(file))


async def _dropped(store: Store, file: Path, day: date, read: _Read, rest_s: float) -> None:
    checksum, digest = await asyncio.to_thread(dayfiles.checksum, file), read.digest
    for left in reversed(range(TRIES)):
        try:
            await drop(
                store,
                day,
                ArchivedDay(
                    day=day,
                    file=str(file),
                    checksum=checksum,
                    rows=digest.rows,
                    digest=digest.hexdigest(),
                    first_id=read.first,
                    last_id=read.last,
                    newest=read.newest,
                    exported_at=store.clock.real(),
                ),
            )
            return
        except Contended:
            if not left:
                raise
        await asyncio.sleep(rest_s)


async def drop(store: Store, day: date, noted: ArchivedDay) -> None:
    """Step three, one transaction: the partition has not grown, the file is noted, the partition is
    gone.

    Not `detach … concurrently`, which fits into no transaction: between the two a reader would take
    the rest for the whole. Raises: DayGrew; Contended where readers hold the archive for longer
    than half a second, since batches wait behind this one.
    """
    async with store.transaction() as session:
        driver = await session.driver()
        await driver.execute("set local statement_timeout = 0; set local lock_timeout = '500ms'")
        await driver.execute(
            f"lock table {name(day)} in share row exclusive mode"
        )  # no event can come; who reads goes on
        if await driver.fetchval(f"select count(*) from {name(day)}") != noted.rows:  # noqa: S608 – a day
            raise DayGrew(day=str(day))
        session.add(noted)
        await session.flush()
        await driver.execute(f"alter table archive detach partition {name(day)}")
        await driver.execute(f"drop table {name(day)}")
