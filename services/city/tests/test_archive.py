"""`eldercare archive` finds the database by the environment or by the state folder of a city,
running or not.
"""

import asyncio
import os
import subprocess
import sys
from datetime import UTC, date, datetime
from pathlib import Path
from uuid import UUID

import pytest

from city.box import servers
from city.box.services import database
from city.box.state import State
from datacenter.testing.history import History
from datacenter.testing.records import a_record, dispatched
from devservers.postgres import ensure_database
from kit.contracts import ids
from kit.contracts.clock import Clock
from kit.db import migrations
from kit.db.store import Store
from testkit.databases import Databases

DAY = date(2026, 9, 1)


async def eldercare(*arguments: str, **variables: str) -> tuple[int, str]:
    """Exit code and output of `eldercare archive ARGUMENTS` with these variables and no others of
    ours.
    """
    clean = {
        name: value
        for name, value in os.environ.items()
        if name in ("PATH", "HOME", "LANG", "PYTHONPATH")
    }
    command = [sys.executable, "-m", "city", "archive", *arguments]
    done = await asyncio.to_thread(
        subprocess.run,
        command,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        env=clean | {"COLUMNS": "200"} | variables,
    )
    return done.returncode, done.stdout


async def store_events(dsn: str, day: date) -> int:
    """Lets a data center hear some events of a day."""
    store = Store(dsn, service="datacenter", clock=Clock())
    events = History(3, months=3).grow(2).ordered()
    least = ids.least(datetime(day.year, day.month, day.day, 8, tzinfo=UTC)).int
    try:
        async with store.transaction() as session:
            await dispatched(
                session,
                [
                    a_record(one, offset=number, id=UUID(int=least + number))
                    for number, one in enumerate(events)
                ],
            )
    finally:
        await store.close()
    return len(events)


async def test_a_day_leaves_and_comes_back_in_a_container(
    database: Databases, tmp_path: Path
) -> None:
    dsn = await database("datacenter")
    rows, file = await store_events(dsn, DAY), tmp_path / f"archive-{DAY}.parquet"

    code, output = await eldercare(
        "export", "--before", "2026-09-02", "--to", str(tmp_path), DATACENTER_DATABASE=dsn
    )
    listed = (await eldercare("list", DATACENTER_DATABASE=dsn))[1]
    back = await eldercare("import", str(file), DATABASE=dsn)

    assert (
        code,
        f"1 days written; set ARCHIVE_FILES={tmp_path} for the data center" in output,
    ) == (
        0,
        True,
    )
    assert f"{DAY} │ {rows}" in " ".join(listed.split())
    assert str(file) in listed
    assert (back[0], f"{rows} events are back" in back[1]) == (0, True)


async def test_a_day_that_is_open_is_refused_by_name(database: Databases, tmp_path: Path) -> None:
    dsn, today = await database("datacenter"), Clock.real().date()
    await store_events(dsn, today)

    code, output = await eldercare(
        "export", "--before", "2100-01-01", "--to", str(tmp_path), DATACENTER_DATABASE=dsn
    )

    assert code == 1
    assert f"{today} stays in the database: only by the archive is a repetition known" in output


async def test_where_there_is_no_database_the_way_to_give_one_is_shown(tmp_path: Path) -> None:
    code, output = await eldercare("list", "--state", str(tmp_path / "none"))

    assert (code, "set DATACENTER_DATABASE, or name the state folder" in output) == (2, True)


@pytest.mark.timeout(300)
async def test_the_days_of_a_city_that_does_not_run_are_listed(tmp_path: Path) -> None:
    state = State(tmp_path / "state")
    state.open()
    server = servers.postgres(state)
    await asyncio.to_thread(server.start)
    try:
        dsn = database(state, server.dsn(), "datacenter")
        await ensure_database(
            server.dsn(),
            "datacenter",
            role="datacenter",
            password=state.secret("datacenter.database"),
        )
        await asyncio.to_thread(migrations.upgrade, dsn, "datacenter")
        await store_events(dsn, DAY)
    finally:
        await asyncio.to_thread(server.stop)
        state.close()

    code, output = await eldercare("list", "--state", str(state.folder))

    assert (code, str(DAY) in output, "database" in output) == (0, True, True)
    assert not (state.folder / "postgres" / "postmaster.pid").exists()
