"""A day that left the archive comes back from its file."""

import asyncio
from datetime import date, datetime, timedelta
from pathlib import Path
from uuid import UUID

from datacenter.archive.flows import dayfiles, exported
from datacenter.archive.flows.exporting import Progress, alone, compared, name
from datacenter.archive.tables import ArchivedDay
from kit.contracts.phrases import Phrase
from kit.contracts.refusals import Refusal
from kit.db.store import Driver, Store


class NotExported(Refusal):
    """A file is of no day that left this database."""

    text = Phrase(
        "{file} is of no day that was exported from this database",
        "{file} 不是从本数据库导出的任何一天",
    )


async def give_back(store: Store, file: Path, *, progress: Progress = lambda *_: None) -> int:
    """Puts an exported day back into the database, in one transaction; returns its rows. The file
    stays.

    Raises: NotExported; DayAltered, also where there is no such file; RebuildRuns; Contended.
    """
    async with alone(store):
        async with store.reading() as session:
            noted = {day.day: day for day in await exported.days(await session.driver())}
        day = dayfiles.day_of(file)
        if day not in noted:
            raise NotExported(file=str(file))
        await compared(file, day, noted[day].rows, noted[day].digest, progress)
        async with store.transaction() as session:
            await _filled(await session.driver(), file, day, noted[day].rows, progress)
            await session.delete(await session.get(ArchivedDay, day))
    return noted[day].rows


async def _filled(driver: Driver, file: Path, day: date, rows: int, progress: Progress) -> None:
    await driver.execute(
        "set local statement_timeout = 0; set local idle_in_transaction_session_timeout = 0"
    )
    await driver.execute(f"create table {name(day)} (like archive including all)")
    chunks, done = dayfiles.rows(file), 0
    while chunk := await asyncio.to_thread(next, chunks, None):
        records = [dayfiles.archived(row) for row in chunk]
        await driver.copy_records_to_table(
            name(day), records=records, columns=list(dayfiles.COLUMNS)
        )
        done += len(chunk)
        progress(day, "put back", done, rows)
    bounds = (
        UUID(int=int(at.timestamp() * 1000) << 80)
        for at in (_begin(day), _begin(day + timedelta(days=1)))
    )
    await driver.execute(
        f"alter table archive attach partition {name(day)} for values from "
        f"('{next(bounds)}') to ('{next(bounds)}')"
    )


def _begin(day: date) -> datetime:
    return datetime.fromisoformat(f"{day}T00:00:00+00:00")
