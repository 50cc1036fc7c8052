import asyncio
import uuid
from collections.abc import Awaitable
from contextlib import suppress
from datetime import date, datetime
from decimal import Decimal
from enum import IntEnum
from pathlib import Path
from typing import Any
from uuid import UUID

import asyncpg
import pytest
from sqlalchemy import Column, Numeric, Text, text
from sqlalchemy.dialects.postgresql import ARRAY, JSONB, TSTZRANGE, Range
from sqlmodel import Field

from devservers.postgres import Postgres
from kit.contracts.clock import Clock
from kit.contracts.refusals import NotFound, Unavailable
from kit.db.store import Contended, Store
from kit.db.tables import TableBase
from kit.messaging import outbox
from kit.security.access import Caller
from testkit import until
from testkit.databases import Databases


async def rows(dsn: str, query: str, *values: object) -> list[asyncpg.Record]:
    connection = await asyncpg.connect(dsn)
    try:
        return await connection.fetch(query, *values)
    finally:
        await connection.close()


async def test_a_transaction_writes_rows_messages_and_timers_together(pebbles, withdrawn) -> None:
    row = pebbles.Pebble(pebble_id=uuid.uuid4())

    async with pebbles.store.transaction() as session:
        session.add(row)
        outbox.emit(session, withdrawn(row.pebble_id), row)
        outbox.emit(session, withdrawn(row.pebble_id), row)

    [stored] = await rows(pebbles.dsn, "select version from pebble")
    messages = await rows(
        pebbles.dsn,
        "select key, headers::json->>'ce_sequence' as sequence from outbox order by seq",
    )
    assert stored["version"] == row.version == 2
    assert [(message["key"], int(message["sequence"])) for message in messages] == [
        (str(row.pebble_id), 1),
        (str(row.pebble_id), 2),
    ]
    assert pebbles.store.emitted == 2


async def test_whatever_raises_takes_everything_back(pebbles, withdrawn) -> None:
    async def fail() -> None:
        async with pebbles.store.transaction() as session:
            row = pebbles.Pebble(pebble_id=uuid.uuid4())
            session.add(row)
            outbox.emit(session, withdrawn(row.pebble_id), row)
            await session.flush()
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        await fail()

    assert await rows(pebbles.dsn, "select 1 from pebble union all select 1 from outbox") == []
    assert pebbles.store.emitted == 0


async def test_a_thousand_messages_leave_by_copy_in_their_order(pebbles, withdrawn) -> None:
    key = uuid.uuid4()

    async with pebbles.store.transaction() as session:
        for sequence in range(1, 1501):
            outbox.emit(session, withdrawn(key), sequence=sequence)

    messages = await rows(
        pebbles.dsn, "select headers::json->>'ce_sequence' as sequence from outbox order by seq"
    )
    assert [int(message["sequence"]) for message in messages] == list(range(1, 1501))


async def test_a_rehearsal_writes_nothing(pebbles) -> None:
    async with pebbles.store.rehearsal() as session:
        session.add(pebbles.Pebble(pebble_id=uuid.uuid4()))
        await session.flush()

    assert await rows(pebbles.dsn, "select 1 from pebble") == []


async def test_a_reading_cannot_write(pebbles) -> None:
    with pytest.raises(asyncpg.ReadOnlySQLTransactionError):
        async with pebbles.store.reading() as session:
            await (await session.driver()).execute("delete from pebble")
    with pytest.raises(RuntimeError, match="writes nothing"):
        async with pebbles.store.reading() as session:
            session.add(pebbles.Pebble(pebble_id=uuid.uuid4()))


async def test_a_snapshot_stays_as_it_was_at_its_first_statement(pebbles) -> None:
    async with pebbles.store.reading(snapshot=True) as session:
        driver = await session.driver()
        before = await driver.fetchval("select count(*) from pebble")
        async with pebbles.store.transaction() as other:
            other.add(pebbles.Pebble(pebble_id=uuid.uuid4()))
        after = await driver.fetchval("select count(*) from pebble")

    assert (before, after) == (0, 0)


async def test_a_locked_row_waits_for_its_first_holder_and_is_then_fresh(pebbles) -> None:
    key = uuid.uuid4()
    async with pebbles.store.transaction() as session:
        session.add(pebbles.Pebble(pebble_id=key))

    async def push() -> None:
        async with pebbles.store.transaction() as session:
            await session.get(pebbles.Pebble, key)  # a stale copy must not win over the locked one
            row = await session.get_locked(pebbles.Pebble, key)
            await asyncio.sleep(0)
            row.pushed += 1

    await asyncio.gather(*(push() for _ in range(20)))

    assert [row["pushed"] for row in await rows(pebbles.dsn, "select pushed from pebble")] == [20]


async def test_an_absent_row_and_a_strangers_row_are_the_same(pebbles) -> None:
    key = uuid.uuid4()
    async with pebbles.store.transaction() as session:
        session.add(pebbles.Pebble(pebble_id=key))
    stranger = Caller(
        subject="s", client_id="c", roles=frozenset({"provider"}), organisation_id="o"
    )

    async with pebbles.store.rehearsal() as session:
        with pytest.raises(NotFound) as absent:
            await session.get_locked(pebbles.Pebble, uuid.uuid4())
        with pytest.raises(NotFound) as foreign:
            await session.get_locked(pebbles.Pebble, key, stranger)

    assert absent.value.reason == foreign.value.reason == "NOT_FOUND"


async def test_a_row_that_is_read_alone_obeys_the_callers_scope_and_belongs_to_no_session(
    pebbles,
) -> None:
    key, owner = uuid.uuid4(), str(uuid.uuid4())
    async with pebbles.store.transaction() as session:
        session.add(pebbles.Pebble(pebble_id=key))
    provider = Caller(
        subject="s", client_id="c", roles=frozenset({"provider"}), organisation_id=owner
    )
    operator = Caller(subject="s", client_id="c", roles=frozenset({"operator"}))

    async with pebbles.store.reading() as session:
        row = await session.get_seen(pebbles.Pebble, key, operator)
        with pytest.raises(NotFound):
            await session.get_seen(pebbles.Pebble, key, provider, organisation="pebble_id")
        with pytest.raises(NotFound):
            await session.get_seen(pebbles.Pebble, uuid.uuid4(), operator)
        assert row.pebble_id == key
        assert row not in session


async def test_a_deadlock_is_a_contention_for_one_of_the_two(pebbles) -> None:
    keys = [uuid.uuid4(), uuid.uuid4()]
    async with pebbles.store.transaction() as session:
        session.add_all([pebbles.Pebble(pebble_id=key) for key in keys])
    met = asyncio.Barrier(2)

    async def lock(first: uuid.UUID, second: uuid.UUID) -> str:
        try:
            async with pebbles.store.transaction() as session:
                await session.get_locked(pebbles.Pebble, first)
                await met.wait()
                await session.get_locked(pebbles.Pebble, second)
        except Contended:
            return "gave in"
        return "passed"

    assert sorted(await asyncio.gather(lock(*keys), lock(*reversed(keys)))) == ["gave in", "passed"]


async def test_a_cancelled_transaction_leaves_a_clean_connection(pebbles) -> None:
    async def stuck() -> None:
        async with pebbles.store.transaction() as session:
            await (await session.driver()).execute("select pg_sleep(30)")

    tasks = [asyncio.create_task(stuck()) for _ in range(8)]
    await asyncio.sleep(0.2)
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)

    async with pebbles.store.transaction() as session:
        assert await (await session.driver()).fetchval("select 1") == 1
    assert (
        await rows(
            pebbles.dsn,
            "select 1 from pg_stat_activity where datname = current_database() and state "
            "like 'idle in%'",
        )
        == []
    )


@pytest.mark.parametrize("kind", ["transaction", "reading"])
async def test_after_a_cancelled_statement_of_the_orm_the_next_one_is_answered(
    pebbles, kind: str
) -> None:
    async def slow() -> None:
        async with getattr(pebbles.store, kind)() as session:
            await session.exec(text("select pg_sleep(30)"))

    for _ in range(3):
        task = asyncio.create_task(slow())
        await asyncio.sleep(0.1)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

        async with getattr(pebbles.store, kind)() as session:
            assert (await session.exec(text("select 1"))).scalar_one() == 1


async def test_a_transaction_that_outlives_its_store_keeps_no_connection(database, clock) -> None:
    dsn = await database()
    store = Store(dsn, service="kit", clock=clock)

    async with store.transaction():
        await store.close()

    others = "select 1 from pg_stat_activity where datname = current_database() and backend_type = "
    others += "'client backend' and pid <> pg_backend_pid()"
    await until(lambda: no(rows(dsn, others)), what="its connection is closed")


async def no(found: Awaitable[list[asyncpg.Record]]) -> bool:
    return await found == []


async def test_a_killed_server_is_unavailable_and_heals_when_it_is_back(
    tmp_path: Path, clock, until
) -> None:
    server = Postgres(tmp_path / "data", durable=False)
    server.start()
    store = Store(server.dsn(), service="kit", clock=clock)

    async def works() -> bool:
        try:
            async with store.transaction() as session:
                await (await session.driver()).execute("select 1")
            async with store.reading() as session:
                await (await session.driver()).execute("select 1")
            async with store.raw() as raw:
                await raw.fetchrow("select 1")
        except Unavailable:
            return False
        return True

    try:
        assert await works()
        async with store.transaction() as held:
            server.kill()
            with pytest.raises((asyncpg.PostgresError, asyncpg.InterfaceError, OSError)):
                await (await held.driver()).execute("select 1")
            held.expunge_all()
    except Unavailable:
        pass
    try:
        assert not await works()
        server.start()
        await until(works, timeout=20)
    finally:
        await store.close()
        server.stop()


class Shade(IntEnum):
    GREY = 1
    RED = 2


class Boulder(TableBase, table=True):
    pebble_id: UUID = Field(primary_key=True)
    place: str = Field(primary_key=True)
    shade: Shade
    weighs_kg: Decimal = Field(sa_column=Column(Numeric(9, 3), nullable=False))
    rolls: float
    tags: list[str] = Field(sa_column=Column(ARRAY(Text), nullable=False))
    counts: dict[str, int] = Field(sa_column=Column(JSONB, nullable=False))
    lasts: Any = Field(sa_column=Column(TSTZRANGE, nullable=False))
    found_on: date
    found_at: datetime
    hidden: bytes | None = None


async def test_a_locked_row_bears_the_same_values_as_a_row_of_the_orm_and_writes_only_what_changed(
    pebbles, clock
) -> None:
    key = (uuid.uuid4(), "河边")
    async with pebbles.store.transaction() as session:
        await (await session.connection()).run_sync(Boulder.metadata.tables["boulder"].create)
        session.add(
            Boulder(
                pebble_id=key[0],
                place=key[1],
                shade=Shade.RED,
                weighs_kg=Decimal("12.500"),
                rolls=0.25,
                tags=["a", "b"],
                counts={"n": 1},
                lasts=Range(clock.now(), None),
                found_on=date(2026, 3, 2),
                found_at=clock.now(),
                hidden=b"x",
            )
        )

    async with pebbles.store.transaction() as session:
        held = await session.get_locked(Boulder, key)
        assert not session.dirty
        held.counts = {"n": 2}
    async with pebbles.store.reading() as session:
        plain = await session.get(Boulder, key)

    assert held.model_dump() == plain.model_dump()
    kinds = [
        {name: type(value) for name, value in row.model_dump().items()} for row in (held, plain)
    ]
    assert kinds[0] == kinds[1]
    assert isinstance(held.shade, Shade)


async def test_a_savepoint_inside_another_is_undone_with_it(pebbles) -> None:
    outer, inner, after = (uuid.uuid4() for _ in range(3))
    async with pebbles.store.transaction() as session:
        with suppress(ValueError):
            async with session.savepoint():
                session.add(pebbles.Pebble(pebble_id=outer))
                with suppress(ValueError):
                    async with session.savepoint():
                        session.add(pebbles.Pebble(pebble_id=inner))
                        raise ValueError("inner")
                raise ValueError("outer")
        session.add(pebbles.Pebble(pebble_id=after))

    async with pebbles.store.reading() as session:
        assert [
            row[0] for row in await (await session.driver()).fetch("select pebble_id from pebble")
        ] == [after]


async def test_an_enums_number_of_a_newer_release_is_read_as_unspecified(pebbles, clock) -> None:
    key = uuid.uuid4(), "shore"
    async with pebbles.store.transaction() as session:
        await (await session.connection()).run_sync(Boulder.metadata.tables["boulder"].create)
        session.add(
            Boulder(
                pebble_id=key[0],
                place=key[1],
                shade=99,
                weighs_kg=Decimal("12.500"),
                rolls=0.25,
                tags=[],
                counts={},
                lasts=Range(clock.now(), None),
                found_on=date(2026, 3, 2),
                found_at=clock.now(),
                hidden=b"x",
            )
        )

    async with pebbles.store.transaction() as session:
        assert (await session.get_locked(Boulder, key)).shade == 0


async def test_a_row_added_in_this_transaction_can_be_locked_and_changed(pebbles) -> None:
    async with pebbles.store.transaction() as session:
        row = pebbles.Pebble(pebble_id=uuid.uuid4())
        session.add(row)
        again = await session.get_locked(pebbles.Pebble, row.pebble_id)
        again.pushed = 3

    assert again is row
    assert [row["pushed"] for row in await rows(pebbles.dsn, "select pushed from pebble")] == [3]


async def test_changes_made_before_the_lock_are_kept(pebbles) -> None:
    key = uuid.uuid4()
    async with pebbles.store.transaction() as session:
        session.add(pebbles.Pebble(pebble_id=key))

    async with pebbles.store.transaction() as session:
        row = await session.get(pebbles.Pebble, key)
        row.pushed = 5
        held = await session.get_locked(pebbles.Pebble, key)
        held.version = 9

    assert [
        tuple(row) for row in await rows(pebbles.dsn, "select pushed, version from pebble")
    ] == [(5, 9)]


async def test_a_statement_whose_column_has_changed_its_type_fails_once_and_is_then_prepared_anew(
    store: Store,
) -> None:
    async def asked() -> int:
        async with store.transaction() as session:
            return int(await (await session.driver()).fetchval("select n from changing"))

    async with store.transaction() as session:
        await (await session.driver()).execute(
            "create table changing (n int); insert into changing values (7)"
        )
    assert await asked() == 7
    migration = await asyncpg.connect(store.dsn)
    await migration.execute("alter table changing alter column n type bigint")
    await migration.close()

    with pytest.raises(Contended):
        await asked()
    assert await asked() == 7


async def test_stores_that_open_connections_at_once_reach_each_its_own_database(
    database: Databases, clock: Clock
) -> None:
    stores = [Store(await database(), service="kit", clock=clock) for _ in range(3)]

    async def reached(store: Store) -> str:
        async with store.reading() as session:
            return str(await (await session.driver()).fetchval("select current_database()"))

    found = await asyncio.gather(*(reached(store) for store in stores for _ in range(2)))

    assert found == [store.dsn.rpartition("/")[2] for store in stores for _ in range(2)]
    for store in stores:
        await store.close()
