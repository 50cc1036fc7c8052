"""Days leave the archive as files and come back; whatever ends an export, no event is lost, and
nothing is told from a part.
"""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from uuid import UUID

import pytest
from eldercare.assessment.v1 import events_pb2 as assessment
from eldercare.datacenter.v1 import api_pb2 as pb

from datacenter import months
from datacenter.archive.flows import dayfiles, keeping
from datacenter.archive.flows.exclusive import RebuildRuns
from datacenter.archive.flows.exported import DayAltered, DayExported
from datacenter.archive.flows.exporting import DayGrew, DayOpen, drop, export, listed, verify, write
from datacenter.archive.flows.importing import NotExported, give_back
from datacenter.archive.tables import ArchivedDay
from datacenter.counts.consumers import GROUP, keep
from datacenter.counts.flows.rebuild import rebuild
from datacenter.lineage import queries as lineage
from datacenter.proofruns.errors import NotProved
from datacenter.proofruns.flows.running import prove
from datacenter.proofs.recount.figures import Figures
from datacenter.proofs.tables import Proof
from datacenter.testing.callers import an_operator
from datacenter.testing.history import History
from datacenter.testing.records import DatedEvent, Record, a_record, records
from datacenter.testing.villages import CITY
from kit.contracts import ids
from kit.contracts.clock import Clock
from kit.contracts.refusals import NotFound
from kit.db.store import Contended, Store
from kit.messaging import parking
from kit.messaging.batch import Batch
from kit.messaging.positions import ensure
from kit.messaging.records import ClusterPartition, decoded
from kit.messaging.subscriptions import subscriptions_of

Hear = Callable[[Sequence[Record]], Awaitable[None]]
Shown = Callable[[str], Awaitable[Figures]]
FIRST, LAST = date(2026, 9, 1), date(2026, 9, 3)
BEFORE = date(2026, 9, 3)
MONTH = "2025-03"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Where the files go."""
    made = tmp_path / "days"
    made.mkdir()
    return made


class Killed(BaseException):
    """The process ended here."""


def dated(events: Sequence[DatedEvent], day: date = FIRST, days: int = 3) -> list[Record]:
    """Records whose ids were made on some days in turn."""
    offsets: dict[str, int] = {}
    made = []
    for number, record in enumerate(records(events)):
        at = datetime(day.year, day.month, day.day, 8, tzinfo=UTC) + timedelta(days=number % days)
        offsets[record.topic] = offsets.get(record.topic, -1) + 1
        made.append(
            a_record(
                events[number],
                offset=offsets[record.topic],
                id=UUID(int=ids.least(at).int + number),
            )
        )
    return made


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def city(seed: int = 3) -> list[Record]:
    return dated(History(seed, months=3).grow(8).ordered())


async def kept(store: Store) -> list[tuple[object, ...]]:
    """All columns of all rows of the archive."""
    async with store.reading() as session:
        return [
            tuple(row)
            for row in await (await session.driver()).fetch("select * from archive order by id")
        ]


async def noted(store: Store) -> list[ArchivedDay]:
    async with store.reading() as session:
        return [await session.get(ArchivedDay, day.day) for day in await listed(store) if day.file]


async def test_days_that_leave_and_come_back_are_the_same_rows(
    store: Store, hear: Hear, folder: Path
) -> None:
    await hear(city())
    whole = await kept(store)

    files = await export(store, folder, BEFORE)
    rest = await kept(store)
    back = [await give_back(store, file) for file in files]

    assert [file.name for file in files] == [
        "archive-2026-09-01.parquet",
        "archive-2026-09-02.parquet",
    ]
    assert {ids.instant(row[0]).date() for row in rest} == {LAST}
    assert await kept(store) == whole
    assert sum(back) == len(whole) - len(rest)
    assert names(folder) == [file.name for file in files]


async def test_a_day_that_left_is_noted_with_its_file(
    store: Store, hear: Hear, folder: Path
) -> None:
    await hear(city())
    day = [row for row in await kept(store) if ids.instant(row[0]).date() == FIRST]

    (file,) = await export(store, folder, FIRST + timedelta(days=1))

    (note,) = await noted(store)
    assert (note.day, note.file, note.rows, note.checksum) == (
        FIRST,
        str(file),
        len(day),
        dayfiles.checksum(file),
    )
    assert (note.first_id, note.last_id) == (day[0][0], day[-1][0])
    assert note.digest == dayfiles.digest(file).hexdigest()
    assert [(one.day, one.file) for one in await listed(store)] == [
        (FIRST, str(file)),
        (FIRST + timedelta(days=1), ""),
        (LAST, ""),
    ]


async def _while_writing(store: Store, folder: Path) -> None:
    def progress(day: date, step: str, *_: int) -> None:
        raise Killed

    await export(store, folder, BEFORE, progress=progress)


async def _before_reading_back(store: Store, folder: Path) -> None:
    await write(store, folder / dayfiles.name_of(FIRST), FIRST)
    raise Killed


async def _while_reading_back(store: Store, folder: Path) -> None:
    def progress(day: date, step: str, *_: int) -> None:
        if step == "read back":
            raise Killed

    await export(store, folder, BEFORE, progress=progress)


async def _before_dropping(store: Store, folder: Path) -> None:
    file = folder / dayfiles.name_of(FIRST)
    await verify(file, FIRST, (await write(store, file, FIRST)).digest)
    raise Killed


async def _before_the_second_day(store: Store, folder: Path) -> None:
    def progress(day: date, step: str, *_: int) -> None:
        if day > FIRST:
            raise Killed

    await export(store, folder, BEFORE, progress=progress)


@pytest.mark.parametrize(
    "until",
    [
        _while_writing,
        _before_reading_back,
        _while_reading_back,
        _before_dropping,
        _before_the_second_day,
    ],
)
async def test_an_export_that_was_killed_lost_nothing_and_goes_on(
    store: Store,
    hear: Hear,
    folder: Path,
    until: Callable[[Store, Path], Awaitable[None]],
) -> None:
    await hear(city())
    whole = await kept(store)
    with pytest.raises(Killed):
        await until(store, folder)
    left = {note.day for note in await noted(store)}

    assert await kept(store) == [row for row in whole if ids.instant(row[0]).date() not in left]
    await export(store, folder, BEFORE)
    for day in (FIRST, FIRST + timedelta(days=1)):
        await give_back(store, folder / dayfiles.name_of(day))
    assert await kept(store) == whole


async def test_a_folder_that_takes_no_file_ends_the_export_and_leaves_the_day(
    store: Store, hear: Hear, folder: Path
) -> None:
    await hear(city())
    whole = await kept(store)

    with pytest.raises(OSError, match=r"elsewhere/archive-2026-09-01\.parquet"):
        await export(store, folder / "elsewhere", BEFORE)

    assert (await kept(store), await noted(store)) == (whole, [])


async def test_a_day_does_not_leave_while_somebody_reads_the_archive(
    store: Store, hear: Hear, folder: Path
) -> None:
    await hear(city())
    whole = await kept(store)
    async with store.reading(snapshot=True) as session:
        await (await session.driver()).fetchval("select count(*) from archive")

        file = folder / dayfiles.name_of(FIRST)
        read = await write(store, file, FIRST)
        note = ArchivedDay(
            day=FIRST,
            file=str(file),
            checksum="",
            rows=read.digest.rows,
            digest="",
            first_id=read.first,
            last_id=read.last,
            newest=read.newest,
            exported_at=store.clock.real(),
        )

        with pytest.raises(Contended):
            await drop(store, FIRST, note)

    assert (await kept(store), await noted(store)) == (whole, [])


async def test_a_day_that_grew_meanwhile_stays(store: Store, hear: Hear, folder: Path) -> None:
    dated_records = city()
    await hear(dated_records[:-6])
    file = folder / dayfiles.name_of(FIRST)
    read = await write(store, file, FIRST)
    await hear(dated_records[-6:])
    note = ArchivedDay(
        day=FIRST,
        file=str(file),
        checksum="",
        rows=read.digest.rows,
        digest="",
        first_id=read.first,
        last_id=read.last,
        newest=read.newest,
        exported_at=store.clock.real(),
    )

    with pytest.raises(DayGrew):
        await drop(store, FIRST, note)

    assert (len(await kept(store)), await noted(store)) == (len(dated_records), [])


async def test_days_that_are_open_do_not_leave(store: Store, hear: Hear, folder: Path) -> None:
    now = store.clock.real().date()
    await hear(dated(History(3, months=3).grow(3).ordered(), now - timedelta(days=14)))

    with pytest.raises(
        DayOpen,
        match=(
            f"{now - timedelta(days=14)} stays in the database: only by the archive is a "
            "repetition known"
        ),
    ):
        await export(store, folder, now)

    assert names(folder) == []


async def test_days_with_events_of_the_last_closed_month_do_not_leave(
    store: Store, hear: Hear, clock: Clock, folder: Path
) -> None:
    events = History(3, months=1, begin=datetime(2026, 4, 1, tzinfo=UTC)).grow(8).ordered()
    await hear(dated(events))
    clock.set(max(one.time for one in events[::3]) + timedelta(days=20))  # those of the first day

    with pytest.raises(
        DayOpen,
        match=(
            r"2026-09-01 stays in the database: it has events of 20\d\d-\d\d, and figures of "
            r"the present month"
        ),
    ):
        await export(store, folder, BEFORE)


async def test_with_the_files_a_rebuild_and_a_proof_count_the_same_without_them_they_refuse(
    store: Store,
    hear: Hear,
    shown: Shown,
    folder: Path,
) -> None:
    await hear(city())
    events, before, month = len(await kept(store)), await shown(MONTH), months.of_text(MONTH)
    (file, _) = await export(store, folder, BEFORE)

    for refused in (
        rebuild(store),
        rebuild(store, folder / "elsewhere"),
        prove(store, CITY, month),
    ):
        with pytest.raises((DayExported, NotProved), match=f"2026-09-01 lies in the file {file}"):
            await refused
    assert await rebuild(store, folder) == events
    proof_id = await prove(store, CITY, month, folder)

    assert await shown(MONTH) == before
    async with store.reading() as session:
        proof = await session.get(Proof, proof_id)
    assert proof.events == events


async def test_a_file_that_is_another_one_is_not_counted_and_not_put_back(
    store: Store, hear: Hear, folder: Path
) -> None:
    await hear(city())
    first, second = await export(store, folder, BEFORE)
    first.write_bytes(second.read_bytes())

    for refused in (
        rebuild(store, folder),
        prove(store, CITY, months.of_text(MONTH), folder),
        give_back(store, first),
    ):
        another = f"{first.name} is not what was exported of the day 2026-09-01"
        with pytest.raises((DayAltered, NotProved), match=another):
            await refused


async def test_only_a_day_that_left_comes_back(store: Store, hear: Hear, folder: Path) -> None:
    await hear(city())
    (file, *_) = await export(store, folder, BEFORE, keep=True)

    assert await noted(store) == []
    with pytest.raises(NotExported):
        await give_back(store, file)


async def test_an_event_that_left_and_what_depends_on_it_are_refused_with_the_file(
    store: Store, hear: Hear, folder: Path
) -> None:
    await hear(city())
    gone = (await kept(store))[0]
    (file, _) = await export(store, folder, BEFORE)

    async with store.reading() as session:
        with pytest.raises(DayExported, match=str(file)) as refused:
            await lineage.event(session, an_operator(), pb.GetArchivedEvent(event_id=str(gone[0])))
        with pytest.raises(NotFound):
            await lineage.event(
                session, an_operator(), pb.GetArchivedEvent(event_id=str(ids.new()))
            )
        with pytest.raises(DayExported):
            await lineage.trace(
                session, an_operator(), pb.TraceFigure(code="POP01", area_code=CITY, month=MONTH)
            )
    assert refused.value.facts == {"day": "2026-09-01", "file": str(file)}


async def test_a_figure_of_things_that_began_later_is_traced_as_far_as_the_database_reaches(
    store: Store,
    hear: Hear,
    clock: Clock,
    folder: Path,
) -> None:
    await hear(city())
    await export(store, folder, LAST + timedelta(days=1))
    later = History(7, months=1, begin=datetime(2026, 10, 1, tzinfo=UTC)).grow(3).ordered()
    await hear(dated(later, date(2026, 11, 20), 1))
    clock.set(datetime(2026, 12, 1, tzinfo=UTC))

    async with store.reading() as session:
        request = pb.TraceFigure(code="POP01", area_code=CITY, month="2026-10")
        page = (await lineage.trace(session, an_operator(), request)).page
        request.after = page.next
        with pytest.raises(DayExported):
            await lineage.trace(session, an_operator(), request)
    registered = [one for one in later if isinstance(one.event, assessment.ElderRegistered)]
    assert 0 < len(page.events) <= len(registered)  # who died in that month is none of them


async def test_an_event_of_a_day_that_left_is_parked_until_the_day_is_back(
    store: Store, hear: Hear, folder: Path
) -> None:
    late, *rest = city()
    await hear(rest)
    (file, _) = await export(store, folder, BEFORE)

    async with store.transaction() as session:
        batch = Batch(session, GROUP, archive=keep, careful=True)
        places = {ClusterPartition("tests", late.topic, 0): 0}
        await ensure(await session.driver(), GROUP, places)
        await batch.lock(places)
        await batch.read([decoded("tests", late, subscriptions_of(GROUP), archived=True)])
        await batch.move()
    (stuck,) = await parking.listed(store, GROUP)
    await give_back(store, file)
    through, left = await parking.replay(store, GROUP, stuck.topic, stuck.key)

    assert str(file) in stuck.detail
    assert (through, left) == (1, 0)
    assert dict(late.headers)["ce_id"].decode() in {str(row[0]) for row in await kept(store)}


async def test_a_rebuild_and_an_export_do_not_run_at_once(
    store: Store, hear: Hear, folder: Path
) -> None:
    await hear(city())

    outcomes = await asyncio.gather(
        rebuild(store), export(store, folder, BEFORE), return_exceptions=True
    )

    assert sum(isinstance(outcome, RebuildRuns) for outcome in outcomes) == 1


async def test_the_partitions_of_the_coming_days_are_there_before_their_first_event(
    store: Store,
) -> None:
    today = store.clock.real().date()

    for _ in range(2):
        await keeping.prepare(store)

    assert [one.day for one in await listed(store)] == [
        today + timedelta(days=ahead) for ahead in range(keeping.AHEAD + 1)
    ]
