"""An event that comes twice is handled once; what must wait waits in the same transaction that
notes it as read.
"""

from collections.abc import Iterable, Sequence

from kit.db.driver import Driver, Row
from kit.messaging.records import Item, OrderingKey, written
from kit.messaging.subscriptions import Fact

_INSERT_NEW = """
insert into inbox (id, source, "group")
select i, s, $1 from unnest($2::uuid[], $3::text[]) as given (i, s)
on conflict do nothing
returning source, id::text as id"""

_WAIT = """
insert into waiting ("group", cluster, topic, partition, "offset", kind, id, key, headers, payload)
select $1, * from unnest($2::text[], $3::text[], $4::int[], $5::bigint[], $6::text[], $7::text[],
                         $8::bytea[], $9::text[], $10::bytea[])
on conflict ("group", cluster, topic, partition, "offset") do update
set kind = excluded.kind, id = excluded.id"""

_FORGET = """
delete from waiting
where "group" = $1 and (cluster, topic, partition, "offset") in
      (select * from unnest($2::text[], $3::text[], $4::int[], $5::bigint[]))"""

_BEHIND = """
select distinct on (cluster, topic, key) cluster, topic, key, kind, id from waiting
where "group" = $1 and (cluster, topic, key) in
      (select * from unnest($2::text[], $3::text[], $4::bytea[]))"""

_WAITING_FOR = """
select cluster, topic, partition, "offset", kind, id, key, headers, payload from waiting
where "group" = $1 and (kind, id) in (select * from unnest($2::text[], $3::text[]))
order by cluster, topic, partition, "offset"
limit $4"""

_EXPIRED = """
select w.cluster, w.topic, w.partition, w."offset", w.key, w.headers, w.payload, w.kind, w.id
from waiting w
where w."group" = $1 and exists (
    select from waiting o
    where o."group" = w."group" and o.since < now() - make_interval(secs => $2)
      and o.cluster = w.cluster and o.topic = w.topic and o.key is not distinct from w.key)
order by w.cluster, w.topic, w.partition, w."offset"
limit 1000"""

_KINDS = 'select distinct kind from waiting where "group" = $1'
_COME = """
select distinct w.id from waiting w
where w."group" = $1 and w.kind = $2 and exists (select from {table} t where {same})
limit 500"""
_KEY_OF = """
select a.attname, format_type(a.atttypid, a.atttypmod)
from pg_index i
join pg_attribute a on a.attrelid = i.indrelid and a.attnum = any (i.indkey)
where i.indrelid = to_regclass(quote_ident($1)) and i.indisprimary
order by array_position(i.indkey::int2[], a.attnum)"""


async def insert_new(driver: Driver, group: str, facts: Sequence[Fact]) -> set[tuple[str, str]]:
    """Notes events. Returns source and id of those that were not."""
    if not facts:
        return set()
    rows = await driver.fetch(
        _INSERT_NEW, group, [fact.id for fact in facts], [fact.source for fact in facts]
    )
    return {(row["source"], row["id"]) for row in rows}


async def wait(driver: Driver, group: str, waits: Sequence[tuple[Item, str, str]]) -> None:
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


async def forget(driver: Driver, group: str, items: Sequence[Item]) -> None:
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
    driver: Driver, group: str, keys: Iterable[OrderingKey]
) -> dict[OrderingKey, tuple[str, str]]:
    """Which of these keys wait already, and for what."""
    keys = list(keys)
    rows = await driver.fetch(
        _BEHIND,
        group,
        [cluster for cluster, _, _ in keys],
        [topic for _, topic, _ in keys],
        [key for _, _, key in keys],
    )
    return {(row["cluster"], row["topic"], row["key"]): (row["kind"], row["id"]) for row in rows}


async def waiting_for(
    driver: Driver, group: str, rows: Iterable[tuple[str, str]], limit: int
) -> list[Row]:
    """The records that wait for one of these rows, in their order."""
    pairs = list(rows)
    kinds, keys = [kind for kind, _ in pairs], [id for _, id in pairs]
    return await driver.fetch(_WAITING_FOR, group, kinds, keys, limit)


async def come(driver: Driver, group: str) -> set[tuple[str, str]]:
    """What is waited for although it is there.

    Two transactions that cannot see each other, one of which brought the row while the other began
    to wait, leave such records.
    """
    found: set[tuple[str, str]] = set()
    for (kind,) in await driver.fetch(_KINDS, group):
        key = await driver.fetch(_KEY_OF, kind)
        if not key:
            continue  # its table is gone: the record will be parked when its time is over
        same = " and ".join(
            f"t.{_quoted(name)} = split_part(w.id, '/', {position})::{type}"
            for position, (name, type) in enumerate(key, 1)
        )
        statement = _COME.format(table=_quoted(kind), same=same)
        found.update((kind, row["id"]) for row in await driver.fetch(statement, group, kind))
    return found


async def expired(driver: Driver, group: str, after_s: float) -> list[Row]:
    """Records that have waited too long, with all that queue behind them."""
    return await driver.fetch(_EXPIRED, group, after_s)


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'
