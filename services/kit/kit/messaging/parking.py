"""Records that could not be applied: kept with their bytes, their line held behind them, replayed
when an operator says so.
"""

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import asyncpg

from kit.db.store import Store
from kit.messaging.records import Item, OrderingKey, written
from kit.observability import names

_PARK = """
insert into parked ("group", cluster, topic, partition, "offset", key, headers, payload, held, passed, reason, detail, attempts)
select $1, cluster, topic, partition, "offset", key, headers, payload, held, false, reason, detail, attempts
from unnest($2::text[], $3::text[], $4::int[], $5::bigint[], $6::bytea[], $7::text[], $8::bytea[], $9::bool[], $10::text[], $11::text[],
            $12::int[]) as p (cluster, topic, partition, "offset", key, headers, payload, held, reason, detail, attempts)
on conflict ("group", cluster, topic, partition, "offset") do update
set held = excluded.held, reason = excluded.reason, detail = excluded.detail, attempts = parked.attempts + excluded.attempts,
    passed = false"""

_RELEASE = """
delete from parked where "group" = $1 and (cluster, topic, partition, "offset") in
(select * from unnest($2::text[], $3::text[], $4::int[], $5::bigint[]))"""

_BARRED = """
select distinct cluster, topic, key from parked
where "group" = $1 and not passed and (cluster, topic, key) in (select * from unnest($2::text[], $3::text[], $4::bytea[]))"""


_IN_RUNS = """
select distinct tail.headers from position run cross join lateral (
    select headers from parked p
    where p."group" = run."group" and p.cluster = run.cluster and p.topic = run.topic and p.partition = run.partition
    and not p.held and not p.passed and p.attempts > 0 order by p."offset" desc limit $2 + 1) tail
where run."group" = $1 and run.run > $2"""


async def park(
    driver: asyncpg.Connection, group: str, parks: Sequence[tuple[Item, bool, str, str, int]]
) -> None:
    """Keeps records with the reason why: (item, held, reason, detail, attempts)."""
    if not parks:
        return
    records = [item.record for item, *_ in parks]
    await driver.execute(
        _PARK,
        group,
        [item.cluster for item, *_ in parks],
        [r.topic for r in records],
        [r.partition for r in records],
        [r.offset for r in records],
        [r.key for r in records],
        [written(r.headers) for r in records],
        [r.value for r in records],
        *(list(column) for column in list(zip(*parks, strict=True))[1:]),
    )


async def release(driver: asyncpg.Connection, group: str, items: Sequence[Item]) -> None:
    """Deletes records that were applied at last."""
    if items:
        records = [item.record for item in items]
        await driver.execute(
            _RELEASE,
            group,
            [item.cluster for item in items],
            [r.topic for r in records],
            [r.partition for r in records],
            [r.offset for r in records],
        )


async def blocked(
    driver: asyncpg.Connection, group: str, lines: Iterable[OrderingKey]
) -> set[OrderingKey]:
    """Which of these lines stand behind a parked record."""
    lines = list(lines)
    rows: list[Any] = await driver.fetch(
        _BARRED,
        group,
        [line[0] for line in lines],
        [line[1] for line in lines],
        [line[2] for line in lines],
    )
    return {(row[0], row[1], row[2]) for row in rows}


async def types_in_runs(driver: asyncpg.Connection, group: str, longer_than: int) -> set[str]:
    """The types of the newest records that were parked in a row, in every partition where more than
    so many were.
    """
    return {_type(row[0]) for row in await driver.fetch(_IN_RUNS, group, longer_than)}


@dataclass(frozen=True, slots=True)
class Stuck:
    """A line that stands behind a parked record. held: how many records stand behind it."""

    topic: str
    partition: int
    offset: int
    key: str
    type: str
    reason: str
    detail: str
    attempts: int
    held: int
    parked_at: datetime


_LIST = """
select p.topic, p.partition, p."offset", p.key, p.headers, p.reason, p.detail, p.attempts, p.parked_at, p.passed,
       (select count(*) from parked h
        where h."group" = p."group" and h.cluster = p.cluster and h.topic = p.topic and h.key = p.key and h.held) as held
from parked p where p."group" = $1 and not p.held order by p.parked_at, p.topic, p.partition, p."offset" limit $2"""

_LINE = """
select * from parked where "group" = $1 and topic = $2 and key is not distinct from $3 and not passed
order by cluster, partition, "offset" limit $4"""

_PASS = """
update parked set passed = true where "group" = $1 and topic = $2 and partition = $3 and "offset" = $4 and not held returning key"""

_BEHIND = (
    'select next from position where "group" = $1 and topic = $2 and partition = $3 and next < '
    "$4 for update"
)
_LEAP = """
update position set gaps = gaps + $4 - next, next = $4 where "group" = $1 and topic = $2 and partition = $3 and next < $4"""

REPLAYED = 500  # records of a line that one transaction takes up


async def listed(store: Store, group: str, *, limit: int = 1000) -> list[Stuck]:
    """What is parked, the oldest first; what stands behind is counted, not listed."""
    async with store.reading() as session:
        rows = await (await session.driver()).fetch(_LIST, group, limit)
    return [
        Stuck(
            row["topic"],
            row["partition"],
            row["offset"],
            _shown(row["key"]),
            _type(row["headers"]),
            row["reason"],
            row["detail"],
            row["attempts"],
            0 if row["passed"] else row["held"],
            row["parked_at"],
        )
        for row in rows
    ]


async def replay(store: Store, group: str, topic: str, key: str | None) -> tuple[int, int]:
    """Applies the parked record of a key and all behind it, in order, up to the first that fails
    again, which is parked anew.

    The handlers of the group must be imported. Returns how many went through, and how many are
    left.
    """
    from kit.messaging import prefetch
    from kit.messaging.batch import APPLIED, HELD, PARKED, REPEATED, Batch

    line, through = None if key is None else key.encode(errors="surrogateescape"), 0
    while True:
        async with store.transaction() as session:
            driver = await session.driver()
            batch = Batch(session, group, careful=True)
            await batch.lock(
                prefetch.place_of(row)
                for row in await driver.fetch(_LINE, group, topic, line, REPLAYED)
            )
            rows = await driver.fetch(_LINE, group, topic, line, REPLAYED)
            items = [prefetch.stored(row, group, HELD if row["held"] else PARKED) for row in rows]
            going = await batch.replay(items)
            await batch.move()
            mine = {id(item) for item in items}
            gone = sum(
                id(fate.item) in mine and fate.name in (APPLIED, REPEATED) for fate in batch.written
            )
        names.REPLAYED.add(gone, group=group, topic=topic)
        through += gone
        if not going or len(rows) < REPLAYED:
            break
    async with store.reading() as session:
        return through, len(
            await (await session.driver()).fetch(_LINE, group, topic, line, 1_000_000)
        )


async def skip(
    store: Store, group: str, topic: str, partition: int, offset: int
) -> tuple[int, int]:
    """Lets the records behind a parked one go on without it: it stays parked for good, as evidence,
    and holds nobody.

    Returns how many went through, and how many are left. Raises: LookupError where nothing is
    parked there.
    """
    async with store.transaction() as session:
        row = await (await session.driver()).fetchrow(_PASS, group, topic, partition, offset)
    if row is None:
        raise LookupError(f"nothing is parked at offset {offset} of {topic} {partition}")
    return (
        await replay(store, group, topic, _shown(row["key"])) if row["key"] is not None else (0, 0)
    )


async def resume(store: Store, group: str) -> None:
    """Forgets how many records were parked in a row, so that a group that stopped for it may go on
    when it is started.
    """
    async with store.transaction() as session:
        await (await session.driver()).execute(
            'update position set run = 0 where "group" = $1', group
        )


async def accept_loss(store: Store, group: str, topic: str, partition: int, begin: int) -> int:
    """Goes on where the log begins now, for a group that stopped because records were deleted
    unread; they count as gaps.

    Returns how many were lost.
    """
    async with store.transaction() as session:
        driver = await session.driver()
        rows = await driver.fetch(_BEHIND, group, topic, partition, begin)
        await driver.execute(_LEAP, group, topic, partition, begin)
    return sum(begin - row[0] for row in rows)


def _shown(key: bytes | None) -> str:
    return "" if key is None else key.decode(errors="surrogateescape")


def _type(headers: str) -> str:
    return next((value or "" for name, value in json.loads(headers) if name == "ce_type"), "")
