import asyncio
import sys
import uuid
from collections.abc import AsyncIterator, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import asyncpg
import pytest
import pytest_asyncio

from devservers.postgres import Postgres, execute
from kit.db import migrations
from testkit import until


@pytest_asyncio.fixture
async def empty(postgres: Postgres) -> AsyncIterator[str]:
    name = f"empty_{uuid.uuid4().hex}"
    await execute(postgres.dsn(), f"create database {name}")
    yield postgres.dsn(name)
    await execute(postgres.dsn(), f"drop database {name} with (force)")


@pytest.fixture
def quarry(tmp_path: Path) -> Iterator[str]:
    """A package with a table that may not overlap, and no migrations yet."""
    name = f"quarry_{uuid.uuid4().hex[:8]}"
    package = tmp_path / name
    package.mkdir()
    (package / "__init__.py").write_text("")
    (package / "tables.py").write_text(TABLES)
    sys.path.insert(0, str(tmp_path))
    yield name
    sys.path.remove(str(tmp_path))


TABLES = """
from datetime import datetime
from enum import IntEnum
from uuid import UUID

from sqlalchemy import CheckConstraint, Column, text
from sqlalchemy.dialects.postgresql import TSTZRANGE, ExcludeConstraint
from sqlmodel import Field

from kit.db.tables import TableBase


class Kind(IntEnum):
    ROUGH = 1
    SMOOTH = 2


class Stay(TableBase, table=True):
    __table_args__ = (
        ExcludeConstraint(
            (text("uuidrange(bed_id, bed_id, '[]')"), "&&"),
            ("during", "&&"),
            using="gist",
            name="stay_no_overlap",
        ),
        CheckConstraint("paid_fen >= 0", name="paid"),
    )
    stay_id: UUID = Field(primary_key=True)
    bed_id: UUID
    during: str = Field(sa_column=Column(TSTZRANGE, nullable=False))
    kind: Kind
    paid_fen: int
    begun_at: datetime
    note: str | None = None
    version: int = 0
"""


def versions(package: str) -> list[str]:
    return sorted(
        path.name for path in Path(sys.path[0], package, "migrations", "versions").glob("2*.py")
    )


async def names(dsn: str) -> set[str]:
    connection = await asyncpg.connect(dsn)
    try:
        return {
            row[0]
            for row in await connection.fetch(
                "select tablename from pg_tables where schemaname = 'public'"
            )
        }
    finally:
        await connection.close()


async def test_up_down_and_up_again(empty: str) -> None:
    assert migrations.upgrade(empty, "kit")
    assert {
        "outbox",
        "command",
        "position",
        "inbox",
        "waiting",
        "parked",
        "due",
        "audit_record",
    } <= await names(empty)
    assert await migrations.revision(empty) == migrations.head("kit")

    assert migrations.downgrade(empty, "kit")
    assert await names(empty) == {"alembic_version"}

    assert migrations.upgrade(empty, "kit")
    migrations.check(empty, "kit")


def test_at_head_there_is_nothing_to_do(empty: str) -> None:
    migrations.upgrade(empty, "kit")

    assert not migrations.upgrade(empty, "kit")


async def test_a_database_of_a_later_release_is_left_as_it_is(empty: str) -> None:
    migrations.upgrade(empty, "kit")
    await execute(empty, "update alembic_version set version_num = 'kit_of_the_next_release'")

    assert not migrations.upgrade(empty, "kit")

    assert await migrations.revision(empty) == "kit_of_the_next_release"
    assert migrations.is_newer("kit", "kit_of_the_next_release")
    assert not migrations.is_newer("kit", migrations.head("kit"))
    assert not migrations.is_newer("kit", None)


def test_of_several_that_start_at_once_one_migrates(empty: str) -> None:
    with ThreadPoolExecutor(4) as replicas:
        changed = list(replicas.map(lambda _: migrations.upgrade(empty, "kit"), range(4)))

    assert sorted(changed) == [False, False, False, True]


async def test_it_can_be_called_from_a_running_loop(empty: str) -> None:
    assert migrations.upgrade(empty, "kit")


async def test_a_table_that_no_migration_makes_is_found(empty: str) -> None:
    migrations.upgrade(empty, "kit")
    await execute(empty, "alter table due drop column reason")

    with pytest.raises(migrations.BehindTables, match="reason"):
        migrations.check(empty, "kit")


async def test_the_tool_writes_what_a_package_needs_and_the_beds_cannot_overlap(
    empty: str, quarry: str
) -> None:
    tool = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "devservers.new_revision",
        quarry,
        "what a quarry remembers",
        env={"PYTHONPATH": sys.path[0]},
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    output, _ = await asyncio.wait_for(tool.communicate(), 60)
    assert tool.returncode == 0, output.decode()
    assert [name[10:] for name in versions(quarry)] == [
        "_kit_tables.py",
        "_what_a_quarry_remembers.py",
    ]

    migrations.upgrade(empty, quarry)
    migrations.check(empty, quarry)
    connection = await asyncpg.connect(empty)
    stay = (
        "insert into stay values (gen_random_uuid(), $1, tstzrange($2::timestamptz, $3), 1, 0, "
        "now(), null, 0)"
    )
    bed, other = uuid.uuid4(), uuid.uuid4()
    days = [
        await connection.fetchval(
            "select timestamptz '2026-03-01' + make_interval(days => $1)", day
        )
        for day in range(4)
    ]
    await connection.execute(stay, bed, days[0], days[2])
    await connection.execute(stay, bed, days[2], days[3])
    await connection.execute(stay, other, days[1], days[2])
    with pytest.raises(asyncpg.ExclusionViolationError):
        await connection.execute(stay, bed, days[1], days[3])
    types = await connection.fetch(
        "select column_name, data_type from information_schema.columns where table_name = 'stay'"
    )
    await connection.close()

    kinds = {row["column_name"]: row["data_type"] for row in types}
    assert (kinds["kind"], kinds["paid_fen"], kinds["begun_at"]) == (
        "smallint",
        "bigint",
        "timestamp with time zone",
    )
    migrations.downgrade(empty, quarry)
    migrations.upgrade(empty, quarry)


async def test_a_migration_gives_way_to_who_uses_the_table_and_comes_back(
    empty: str, quarry: str
) -> None:
    folder = Path(sys.path[0]) / quarry / "migrations" / "versions"
    folder.mkdir(parents=True)
    (folder / "one.py").write_text(
        SLOW.format(revision="one", down=None, change='op.execute("create table used (n int)")')
    )
    await asyncio.to_thread(migrations.upgrade, empty, quarry)
    (folder / "two.py").write_text(
        SLOW.format(
            revision="two", down="'one'", change='op.execute("alter table used add column m int")'
        )
    )
    user = await asyncpg.connect(empty)
    await user.execute("begin; lock table used in access share mode")

    migrating = asyncio.create_task(asyncio.to_thread(migrations.upgrade, empty, quarry))
    waits = "select count(*) from pg_locks where not granted and relation = 'used'::regclass"
    await until(lambda: _is_one(empty, waits), 30, what="the migration waits for the lock")
    await until(lambda: _is_none(empty, waits), 30, what="it gives way")
    await user.execute("commit")

    assert await migrating
    assert await migrations.revision(empty) == "two"
    await user.close()


async def test_an_index_of_a_partitioned_table_is_made_while_others_write(
    empty: str, quarry: str
) -> None:
    folder = Path(sys.path[0]) / quarry / "migrations" / "versions"
    folder.mkdir(parents=True)
    (folder / "one.py").write_text(SLOW.format(revision="one", down=None, change=PARTITIONED))
    await asyncio.to_thread(migrations.upgrade, empty, quarry)
    (folder / "two.py").write_text(
        SLOW.format(
            revision="two",
            down="'one'",
            change='import kit.db.migrations; kit.db.migrations.add_index("by_day", "day", "n")',
        )
    )
    user = await asyncpg.connect(empty)
    await user.execute("begin; insert into first values (1)")

    migrating = asyncio.create_task(asyncio.to_thread(migrations.upgrade, empty, quarry))
    waits = "select count(*) from pg_stat_activity where query like 'create index concurrently%'"
    await until(lambda: _is_one(empty, waits), 30, what="it waits for the transaction")
    another = await asyncpg.connect(empty)
    await another.execute("insert into day values (2)", timeout=10)
    await user.execute("commit")

    assert await migrating
    assert await _is_one(
        empty, "select count(*) from pg_index where indexrelid = 'by_day'::regclass and indisvalid"
    )
    await another.close()
    await user.close()


PARTITIONED = """op.execute("create table day (n int) partition by range (n)")
    op.execute("create table first partition of day for values from (0) to (10)")"""


async def _is_one(dsn: str, question: str) -> bool:
    return await _asked(dsn, question) == 1


async def _is_none(dsn: str, question: str) -> bool:
    return await _asked(dsn, question) == 0


async def _asked(dsn: str, question: str) -> int:
    connection = await asyncpg.connect(dsn)
    try:
        return int(await connection.fetchval(question))
    finally:
        await connection.close()


SLOW = """
from alembic import op

revision = "{revision}"
down_revision = {down}
branch_labels = None
depends_on = None


def upgrade() -> None:
    {change}


def downgrade() -> None:
    pass
"""
