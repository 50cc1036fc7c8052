"""Days of the archive that are files now. Who reads the archive asks here first, so that nothing is
ever computed from a part of it.
"""

import asyncio
from collections.abc import AsyncIterator, Iterable, Sequence
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import NamedTuple
from uuid import UUID

from datacenter.archive.events import Row
from datacenter.archive.flows import dayfiles
from kit.contracts import ids
from kit.contracts.phrases import Phrase
from kit.contracts.refusals import Refusal
from kit.db.store import Driver

_SKEW = timedelta(hours=1)  # more than the clocks of two machines can differ
_DAYS = "select day, file, checksum, rows, digest, newest from archived_day order by day"


class DayExported(Refusal):
    """What was asked for needs events of a day that lies in a file, and the file cannot be read
    from here.
    """

    text = Phrase(
        "the archive's day {day} lies in the file {file}; `eldercare archive import` puts it back",
        "归档日 {day} 在文件 {file} 中；用 `eldercare archive import` 放回",
    )


class DayAltered(Refusal):
    """The file of a day is not the one that was exported."""

    text = Phrase(
        "the file {file} is not what was exported of the day {day}",
        "文件 {file} 不是当初导出的 {day} 的归档",
    )


class Day(NamedTuple):
    """A day that is a file. See tables.ArchivedDay."""

    day: date
    file: str
    checksum: str
    rows: int
    digest: str
    newest: datetime

    def refusal(self) -> DayExported:
        """The refusal of what needs its events."""
        return DayExported(day=str(self.day), file=self.file)


async def days(driver: Driver) -> list[Day]:
    """The days that are files, oldest first."""
    return [Day(*row) for row in await driver.fetch(_DAYS)]


async def held(driver: Driver) -> list[Day]:
    """The same, and until the end of this transaction no other day leaves. In a snapshot it must be
    the first statement.
    """
    await driver.execute("lock table archive in access share mode")
    return await days(driver)


async def files(of: Sequence[Day], folder: Path | None) -> list[Path]:
    """The files of these days in a folder, each compared with its checksum.

    Raises: DayExported where one cannot be read from here; DayAltered.
    """
    found = []
    for day in of:
        file = folder / Path(day.file).name if folder else None
        if file is None or not file.is_file():
            raise day.refusal()
        if await asyncio.to_thread(dayfiles.checksum, file) != day.checksum:
            raise DayAltered(day=str(day.day), file=str(file))
        found.append(file)
    return found


async def events(of: Sequence[Path]) -> AsyncIterator[list[Row]]:
    """Type, payload, business instant and sequence of the events in files, in chunks."""
    for file in of:
        chunks = dayfiles.events(file)
        while chunk := await asyncio.to_thread(next, chunks, None):
            yield chunk


async def refuse(driver: Driver, day: date) -> None:
    """Raises: DayExported where this day is a file."""
    for one in await days(driver):
        if one.day == day:
            raise one.refusal()


async def refuse_event(driver: Driver, id: UUID) -> None:
    """For an event that is not in the database. Raises: DayExported where it may lie in a file."""
    if id.version == 7:
        await refuse(driver, ids.instant(id).date())


async def refuse_things(driver: Driver, things: Iterable[UUID]) -> None:
    """Raises: DayExported where events of one of these things may lie in a file: nothing is
    answered of a thing before its id is made.
    """
    gone = await days(driver)
    for thing in things if gone else ():
        begun = (ids.instant(thing) - _SKEW).date() if thing.version == 7 else date.min
        for day in gone:
            if begun <= day.day:
                raise day.refusal()


async def newest(driver: Driver) -> Day | None:
    """The day with the newest event, in business time, of those that are files."""
    return max(await days(driver), key=lambda day: day.newest, default=None)
