"""The orders in which transactions can end, by hand: why the outbox is read as a queue, and what
the other ways would do.
"""

import uuid
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack

import asyncpg
import pytest_asyncio

from kit.messaging.relay import _DELETE, _SELECT

INSERT = """insert into outbox (part, id, topic, key, headers, payload, recorded_at)
    values (0, gen_random_uuid(), 't', $1, '{}', $2, now()) returning seq"""


class Writer:
    """A transaction whose steps a test takes one at a time."""

    def __init__(self, connection: asyncpg.Connection) -> None:
        self.connection = connection

    async def bump_and_say(self, key: uuid.UUID, what: bytes) -> int:
        await self.connection.execute(
            "update pebble set version = version + 1 where pebble_id = $1", key
        )
        return int(await self.connection.fetchval(INSERT, str(key), what))


@pytest_asyncio.fixture
async def three(pebbles) -> AsyncIterator[list[Writer]]:
    async with AsyncExitStack() as stack:
        writers = []
        for _ in range(3):
            connection = await asyncpg.connect(pebbles.dsn)
            stack.push_async_callback(connection.close)
            writers.append(Writer(connection))
        yield writers


async def add(pebbles) -> uuid.UUID:
    async with pebbles.store.transaction() as session:
        row = pebbles.Pebble(pebble_id=uuid.uuid4())
        session.add(row)
    return row.pebble_id


class Reader:
    """Reads like the relay does: the oldest that are there, and deletes just what it has read."""

    def __init__(self, connection: asyncpg.Connection) -> None:
        self.connection, self.received, self.cursor = connection, [], 0

    async def round(self) -> list[bytes]:
        rows = await self.connection.fetch(_SELECT, 0, 500)
        await self.connection.execute(_DELETE, 0, [row["seq"] for row in rows], "", [], [], [])
        self.received += [row["payload"] for row in rows]
        return [row["payload"] for row in rows]


async def test_a_message_that_commits_late_is_not_lost(pebbles, three) -> None:
    slow, fast, relay = three
    keys = [await add(pebbles), await add(pebbles)]
    await slow.connection.execute("begin")
    late = await slow.bump_and_say(keys[0], b"late")
    early = await fast.bump_and_say(keys[1], b"early")
    reader = Reader(relay.connection)

    first = await reader.round()
    await slow.connection.execute("commit")
    second = await reader.round()

    assert late < early  # a cursor at `early` would never have seen `late`
    assert (first, second) == ([b"early"], [b"late"])


async def test_an_early_transaction_id_does_not_turn_an_aggregate_around(pebbles, three) -> None:
    """A transaction may get its id first and its row last: order by transaction id would say the
    second change first.
    """
    early, other, relay = three
    key = await add(pebbles)
    await early.connection.execute("begin")
    early_xid = await early.connection.fetchval("select pg_current_xact_id()::text::bigint")
    await other.connection.execute("begin")
    await other.bump_and_say(key, b"first")
    other_xid = await other.connection.fetchval("select pg_current_xact_id()::text::bigint")
    await other.connection.execute("commit")
    await early.bump_and_say(key, b"second")
    await early.connection.execute("commit")

    assert early_xid < other_xid
    assert await Reader(relay.connection).round() == [b"first", b"second"]


async def test_a_third_long_transaction_holds_nothing_up(pebbles, three) -> None:
    """A gate on the oldest running transaction would stop the outbox for as long as anybody stays
    open.
    """
    long, writer, relay = three
    await long.connection.execute("begin")
    await long.connection.fetchval("select pg_current_xact_id()")

    await writer.bump_and_say(await add(pebbles), b"said")

    assert await Reader(relay.connection).round() == [b"said"]
    await long.connection.execute("rollback")


async def test_a_second_reader_with_skip_locked_would_overtake_so_a_part_has_one(
    pebbles, three
) -> None:
    first, second, writer = three
    key = await add(pebbles)
    for number in range(10):
        await writer.bump_and_say(key, b"%d" % number)
    await first.connection.execute("begin")
    held = await first.connection.fetch(f"{_SELECT} for update skip locked", 0, 5)

    overtaking = await second.connection.fetch(f"{_SELECT} for update skip locked", 0, 5)
    owner = [
        await each.connection.fetchval("select pg_try_advisory_lock(1, 0)")
        for each in (first, second)
    ]
    await first.connection.execute("rollback")

    assert [row["payload"] for row in held] == [b"0", b"1", b"2", b"3", b"4"]
    assert [row["payload"] for row in overtaking] == [
        b"5",
        b"6",
        b"7",
        b"8",
        b"9",
    ]  # published before 0…4 are acknowledged
    assert owner == [True, False]


async def test_a_rolled_back_message_leaves_a_gap_and_nothing_else(pebbles, three) -> None:
    one, other, relay = three
    key = await add(pebbles)
    await one.connection.execute("begin")
    await one.bump_and_say(key, b"never")
    await one.connection.execute("rollback")
    await other.bump_and_say(key, b"said")

    assert await Reader(relay.connection).round() == [b"said"]
