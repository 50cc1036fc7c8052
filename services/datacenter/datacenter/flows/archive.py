"""Keeps every event as it came; the archive is also what tells a repetition."""

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta
from uuid import UUID

import asyncpg

from kit.events import Fact
from kit.refusals import Malformed

_DAY_MS = 86_400_000

_KEPT = "select id::text from archive where id = any($1::uuid[])"

_KEEP = """
insert into archive (id, type, source, subject, thing, sequence, area_code, time, topic, partition, "offset", traceparent, headers, payload, batch)
select *, $15 from unnest($1::uuid[], $2::text[], $3::text[], $4::text[], $5::uuid[], $6::bigint[], $7::text[], $8::timestamptz[],
    $9::text[], $10::int[], $11::bigint[], $12::text[], $13::bytea[], $14::bytea[])
on conflict (id) do nothing returning id::text"""


async def unheard(driver: asyncpg.Connection, facts: Sequence[Fact]) -> set[str]:
    """Ids of the events that are not in the archive yet."""
    ids = {fact.id for fact in facts}
    return ids.difference(row[0] for row in await driver.fetch(_KEPT, list(ids)))


async def keep(driver: asyncpg.Connection, facts: Sequence[tuple[Fact, str | None, str | None]], batch: int) -> set[str]:
    """Writes events with their thing and area; returns the ids of those that were not there.

    Raises: Malformed where an id is no UUIDv7.
    """
    ids = [UUID(fact.id) for fact, _, _ in facts]
    await _ensure_days(driver, ids)
    told = [fact for fact, _, _ in facts]
    rows = await driver.fetch(
        _KEEP, ids, [f.type for f in told], [f.source for f in told], [f.subject for f in told], [thing for _, thing, _ in facts],
        [f.sequence for f in told], [area for _, _, area in facts], [f.time for f in told], [f.topic for f in told],
        [f.partition for f in told], [f.offset for f in told], [f.traceparent for f in told], [_lines(f) for f in told],
        [f.payload for f in told], batch,
    )
    return {row[0] for row in rows}


def _lines(fact: Fact) -> bytes:
    return b"\n".join([name.encode() + b": " + value for name, value in fact.headers if value is not None])


async def _ensure_days(driver: asyncpg.Connection, ids: Iterable[UUID]) -> None:
    """Makes the partitions of the days inside these ids; the lock on the projection's row keeps two from making one at a time."""
    days = set()
    for id in ids:
        if id.version != 7:
            raise Malformed("ce_id", "is no UUIDv7, so the archive has no day for it")
        days.add((id.int >> 80) // _DAY_MS)
    for day in sorted(days):
        name = f"archive_p{_date(day)}"
        if await driver.fetchval("select to_regclass($1)", name) is None:
            await driver.execute(f"create table {name} partition of archive for values from ('{_bound(day)}') to ('{_bound(day + 1)}')")


def _date(day: int) -> str:
    return f"{datetime(1970, 1, 1, tzinfo=UTC) + timedelta(days=day):%Y%m%d}"


def _bound(day: int) -> UUID:
    return UUID(int=(day * _DAY_MS) << 80)

