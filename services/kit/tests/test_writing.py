"""Rows written as sets bear what the ORM's flush would have written."""

import asyncio
import sys
import uuid
from collections.abc import AsyncIterator
from datetime import date, datetime
from decimal import Decimal
from enum import IntEnum
from uuid import UUID

import asyncpg
import pytest
import pytest_asyncio
from sqlalchemy import BigInteger, Column, Identity, Numeric, String, text
from sqlalchemy.dialects.postgresql import JSONB, TSTZRANGE, Range
from sqlalchemy.orm.exc import StaleDataError
from sqlmodel import Field, select

from kit.db.store import Session, Store
from kit.db.tables import Due, TableBase


class Hue(IntEnum):
    UNSPECIFIED = 0
    RED = 1


class Shell(TableBase, table=True):
    """A row of every kind of plain value."""

    shell_id: UUID = Field(primary_key=True)
    place: str = Field(primary_key=True)
    name: str = Field(sa_column=Column(String(5), nullable=False))
    hue: Hue = Hue.RED
    weighs_kg: Decimal = Field(sa_column=Column(Numeric(9, 3), nullable=False))
    counts: dict[str, int] | None = Field(default=None, sa_column=Column(JSONB))
    lasts: object = Field(default=None, sa_column=Column(TSTZRANGE))
    found_on: date | None = None
    found_at: datetime
    hidden: bytes | None = None
    version: int = 0


class Grain(TableBase, table=True):
    """A row that the database numbers."""

    grain_id: int | None = Field(
        default=None, sa_column=Column(BigInteger, Identity(always=True), primary_key=True)
    )
    size: int
    kept_at: datetime | None = Field(
        default=None, sa_column_kwargs={"server_default": text("now()")}
    )


class Speck(TableBase, table=True):
    """A row that the database numbers, and gives nothing else."""

    speck_id: int | None = Field(
        default=None, sa_column=Column(BigInteger, Identity(always=True), primary_key=True)
    )
    size: int


@pytest_asyncio.fixture
async def store(pebbles) -> AsyncIterator[Store]:
    tables = [kind.metadata.tables[str(kind.__tablename__)] for kind in (Shell, Grain, Speck)]
    async with pebbles.store.transaction() as session:
        connection = await session.connection()
        for table in tables:
            await connection.run_sync(table.create)
    yield pebbles.store


def shell(store: Store, n: int = 0) -> Shell:
    now = store.clock.now()
    return Shell(
        shell_id=uuid.uuid4(),
        place="河边",
        name=f"n{n}",
        weighs_kg=Decimal("12.500"),
        counts={"n": n} if n % 2 else None,
        lasts=Range(now, None) if n % 3 else None,
        found_on=date(2026, 3, 2) if n % 2 else None,
        found_at=now,
        hidden=b"x" if n % 2 else None,
    )


async def everything(store: Store) -> list[dict[str, object]]:
    async with store.reading() as session:
        found = await session.exec(select(Shell).order_by(Shell.name, Shell.shell_id))
        return [row.model_dump(exclude={"shell_id"}) for row in found.all()]


async def test_new_rows_are_the_same_by_set_and_by_flush(store: Store) -> None:
    async with store.transaction() as session:
        session.add_all([shell(store, n) for n in range(6)])
        await session.flush()
    by_flush = await everything(store)
    async with store.transaction() as session:
        await (await session.driver()).execute("delete from shell")
        session.add_all([shell(store, n) for n in range(6)])
        made = await session.write_sets(2)
        assert not session.new
    by_set = await everything(store)

    assert len(made) == 6
    assert by_set == by_flush
    assert {type(row["hue"]) for row in by_set} == {Hue}


async def test_changed_rows_are_written_where_they_are_locked_and_have_changed(
    store: Store,
) -> None:
    async with store.transaction() as session:
        rows = [shell(store, n) for n in range(6)]
        session.add_all(rows)
    keys = [(row.shell_id, row.place) for row in rows]

    async with store.transaction() as session:
        held = [await session.get_locked(Shell, key) for key in keys[:4]]
        free = [await session.get(Shell, key) for key in keys[4:]]
        for row in held[:3]:
            row.hue, row.counts = Hue.UNSPECIFIED, {"n": 9}
        held[3].name = str(held[3].name)  # as it was
        for row in free:
            row.version = 7
        assert await session.write_sets(1) == []
        assert set(map(id, session.dirty)) == set(map(id, free))

    after = {(row["name"], row["hue"], row["version"]) for row in await everything(store)}
    assert after == {
        ("n0", Hue.UNSPECIFIED, 0),
        ("n1", Hue.UNSPECIFIED, 0),
        ("n2", Hue.UNSPECIFIED, 0),
        ("n3", Hue.RED, 0),
        ("n4", Hue.RED, 7),
        ("n5", Hue.RED, 7),
    }


async def test_numbers_of_the_database_come_back_in_the_order_of_the_rows(store: Store) -> None:
    async with store.transaction() as session:
        rows = [Speck(size=n) for n in range(20)]
        session.add_all(rows)
        await session.write_sets(2)
        numbers = [row.speck_id for row in rows]
        assert numbers == sorted(numbers)
        assert await session.get(Speck, numbers[7]) is rows[7]
    async with store.reading() as session:
        assert (await session.get(Speck, numbers[7])).size == 7


async def test_what_the_database_gives_beside_the_key_is_left_to_the_flush(store: Store) -> None:
    async with store.transaction() as session:
        session.add_all([Grain(size=n) for n in range(9)])
        assert await session.write_sets(2) == []
    async with store.reading() as session:
        rows = (await session.exec(select(Grain))).all()
    assert len(rows) == 9
    assert all(row.kept_at is not None for row in rows)


async def test_a_text_that_is_too_long_is_refused_and_not_cut_off(store: Store) -> None:
    async def too_long() -> None:
        async with store.transaction() as session:
            row = shell(store)
            row.name = "longer than five"
            session.add(row)
            await session.write_sets(1)

    with pytest.raises(asyncpg.StringDataRightTruncationError):
        await too_long()


async def test_a_locked_row_that_is_gone_is_no_silent_loss(store: Store) -> None:
    async with store.transaction() as session:
        session.add(row := shell(store))

    async def changed() -> None:
        async with store.transaction() as session:
            held = await session.get_locked(Shell, (row.shell_id, row.place))
            await (await session.driver()).execute("delete from shell")
            held.version = 9
            await session.write_sets(1)

    with pytest.raises(StaleDataError):
        await changed()


async def test_a_savepoint_takes_a_set_back(store: Store) -> None:
    async def undone(session: Session) -> None:
        async with session.savepoint():
            session.add_all([shell(store, n) for n in range(3)])
            await session.write_sets(1)
            raise ZeroDivisionError

    async with store.transaction() as session:
        with pytest.raises(ZeroDivisionError):
            await undone(session)
        session.add(shell(store, 5))
    assert [row["name"] for row in await everything(store)] == ["n5"]


FIRST = """
import asyncio, sys
from kit.contracts.clock import Clock
from kit.db.store import Store
from kit.db.tables import Due

async def main():
    async with Store(sys.argv[1], service="kit", clock=Clock()).transaction() as session:
        (await session.get_locked(Due, ("first", "a"))).tries = 3

asyncio.run(main())
"""


async def test_a_locked_row_may_be_the_first_thing_a_process_does(pebbles) -> None:
    async with pebbles.store.transaction() as session:
        session.timers["first", "a"] = pebbles.store.clock.now()

    child = await asyncio.create_subprocess_exec(sys.executable, "-c", FIRST, pebbles.dsn)

    assert await child.wait() == 0
    async with pebbles.store.reading() as session:
        assert (await session.get(Due, ("first", "a"))).tries == 3
