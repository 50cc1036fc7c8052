"""An event heard twice is handled once; what must wait waits in the same transaction that notes it
as read.
"""

from collections.abc import Iterable, Sequence
from typing import Any

import asyncpg

from kit.messaging.records import Item, OrderingKey, written
from kit.messaging.subscriptions import Fact

_HEARD = """
insert into inbox (id, source, "group") select i, s, $1 from unnest($2::uuid[], $3::text[]) as given (i, s)
on conflict do nothing returning source, id::text"""

_WAIT = """
insert into waiting ("group", cluster, topic, partition, "offset", kind, id, key, headers, payload)
select $1, * from unnest($2::text[], $3::text[], $4::int[], $5::bigint[], $6::text[], $7::text[], $8::bytea[], $9::text[], $10::bytea[])
on conflict ("group", cluster, topic, partition, "offset") do update set kind = excluded.kind, id = excluded.id"""

_FORGET = """
delete from waiting where "group" = $1 and (cluster, topic, partition, "offset") in
(select * from unnest($2::text[], $3::text[], $4::int[], $5::bigint[]))"""

_BEHIND = """
select distinct on (cluster, topic, key) cluster, topic, key, kind, id from waiting
where "group" = $1 and (cluster, topic, key) in (select * from unnest($2::text[], $3::text[], $4::bytea[]))"""

_FOR = """
select cluster, topic, partition, "offset", kind, id, key, headers, payload from waiting
where "group" = $1 and (kind, id) in (select * from unnest($2::text[], $3::text[]))
order by cluster, topic, partition, "offset" limit $4"""

_OLD = """
select w.cluster, w.topic, w.partition, w."offset", w.key, w.headers, w.payload, w.kind, w.id
from waiting w where w."group" = $1 and exists (
    select from waiting o where o."group" = w."group" and o.since < now() - make_interval(secs => $2)
    and o.cluster = w.cluster and o.topic = w.topic and o.key is not distinct from w.key)
order by w.cluster, w.topic, w.partition, w."offset" limit 1000"""

_KEY_OF = """
select a.attname, format_type(a.atttypid, a.atttypmod) from pg_index i
join pg_attribute a on a.attrelid = i.indrelid and a.attnum = any (i.indkey)
where i.indrelid = to_regclass(quote_ident($1)) and i.indisprimary order by array_position(i.indkey::int2[], a.attnum)"""


async def insert_new(
    driver: asyncpg.Connection, group: str, facts: Sequence[Fact]
) -> set[tuple[str, str]]:
    """Notes events as heard. Returns source and id of those that were not."""
    if not facts:
        return set()
    rows = await driver.fetch(
        _HEARD, group, [fact.id for fact in facts], [fact.source for fact in facts]
    )
    return {(row[0], row[1]) for row in rows}


async def wait(
    driver: asyncpg.Connection, group: str, waits: Sequence[tuple[Item, str, str]]
) -> None:
    """Keeps records until the row of this kind and id is there."""
    if not waits:
        return
    records = [item.record for item, _, _ in waits]
    await driver.execute(
        _WAIT,
        group,
        [item.cluster for item, _, _ in waits],
        [r.topic for r in records],
        [r.partition for r in records],
        [r.offset for r in records],
        [kind for _, kind, _ in waits],
        [id for _, _, id in waits],
        [r.key for r in records],
        [written(r.headers) for r in records],
        [r.value for r in records],
    )


async def forget(driver: asyncpg.Connection, group: str, items: Sequence[Item]) -> None:
    """Deletes records that no longer wait."""
    if items:
        records = [item.record for item in items]
        await driver.execute(
            _FORGET,
            group,
            [item.cluster for item in items],
            [r.topic for r in records],
            [r.partition for r in records],
            [r.offset for r in records],
        )


async def behind(
    driver: asyncpg.Connection, group: str, lines: Iterable[OrderingKey]
) -> dict[OrderingKey, tuple[str, str]]:
    """Which of these lines wait already, and for what."""
    rows = await driver.fetch(_BEHIND, group, *_apart(lines))
    return {(row[0], row[1], row[2]): (row[3], row[4]) for row in rows}


async def waiting_for(
    driver: asyncpg.Connection, group: str, rows: Iterable[tuple[str, str]], limit: int
) -> list[Any]:
    """The records that wait for one of these rows, in their order."""
    pairs = list(rows)
    return list(
        await driver.fetch(_FOR, group, [kind for kind, _ in pairs], [id for _, id in pairs], limit)
    )


async def come(driver: asyncpg.Connection, group: str) -> set[tuple[str, str]]:
    """What is waited for although it is there.

    Two transactions that cannot see each other, one of which brought the row while the other began
    to wait, leave such records.
    """
    found: set[tuple[str, str]] = set()
    for (kind,) in await driver.fetch(
        'select distinct kind from waiting where "group" = $1', group
    ):
        key = await driver.fetch(_KEY_OF, kind)
        if not key:
            continue  # its table is gone: the record will be parked when its time is over
        same = " and ".join(
            f"t.{_quoted(name)} = split_part(w.id, '/', {n})::{type}"
            for n, (name, type) in enumerate(key, 1)
        )
        told = f'select distinct w.id from waiting w where w."group" = $1 and w.kind = $2'  # noqa: F541
        rows = await driver.fetch(
            f"{told} and exists (select from {_quoted(kind)} t where {same}) limit 500", group, kind
        )
        found.update((kind, row[0]) for row in rows)
    return found


async def expired(driver: asyncpg.Connection, group: str, after_s: float) -> list[Any]:
    """Records that have waited too long, with all that queue in their lines."""
    return list(await driver.fetch(_OLD, group, after_s))


def _apart(lines: Iterable[OrderingKey]) -> tuple[list[str], list[str], list[bytes]]:
    lines = list(lines)
    return [line[0] for line in lines], [line[1] for line in lines], [line[2] for line in lines]


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'
