"""Records that could not be applied, in their table: kept with their bytes, and every later record
of the same key behind them.
"""

from collections.abc import Iterable, Sequence

from kit.db.driver import Driver
from kit.messaging.records import Item, OrderingKey, type_in, written

_PARK = """
insert into parked ("group", cluster, topic, partition, "offset", key, headers, payload, held,
                    passed, reason, detail, attempts)
select $1, cluster, topic, partition, "offset", key, headers, payload, held,
       false, reason, detail, attempts
from unnest($2::text[], $3::text[], $4::int[], $5::bigint[], $6::bytea[], $7::text[], $8::bytea[],
            $9::bool[], $10::text[], $11::text[], $12::int[])
     as p (cluster, topic, partition, "offset", key, headers, payload,
           held, reason, detail, attempts)
on conflict ("group", cluster, topic, partition, "offset") do update
set held = excluded.held, reason = excluded.reason, detail = excluded.detail,
    attempts = parked.attempts + excluded.attempts, passed = false"""

_RELEASE = """
delete from parked
where "group" = $1 and (cluster, topic, partition, "offset") in
      (select * from unnest($2::text[], $3::text[], $4::int[], $5::bigint[]))"""

_BLOCKED = """
select distinct cluster, topic, key from parked
where "group" = $1 and not passed and (cluster, topic, key) in
      (select * from unnest($2::text[], $3::text[], $4::bytea[]))"""

_IN_RUNS = """
select distinct tail.headers from position run cross join lateral (
    select headers from parked p
    where p."group" = run."group" and p.cluster = run.cluster and p.topic = run.topic
      and p.partition = run.partition and not p.held and not p.passed and p.attempts > 0
    order by p."offset" desc limit $2 + 1) tail
where run."group" = $1 and run.run > $2"""


async def park(
    driver: Driver, group: str, parks: Sequence[tuple[Item, bool, str, str, int]]
) -> None:
    """Keeps records with the reason why: (item, held, reason, detail, attempts)."""
    if not parks:
        return
    records = [item.record for item, *_ in parks]
    await driver.execute(
        _PARK,
        group,
        [item.cluster for item, *_ in parks],
        [record.topic for record in records],
        [record.partition for record in records],
        [record.offset for record in records],
        [record.key for record in records],
        [written(record.headers) for record in records],
        [record.value for record in records],
        [held for _, held, _, _, _ in parks],
        [reason for _, _, reason, _, _ in parks],
        [detail for _, _, _, detail, _ in parks],
        [attempts for _, _, _, _, attempts in parks],
    )


async def release(driver: Driver, group: str, items: Sequence[Item]) -> None:
    """Deletes records that were applied at last."""
    if not items:
        return
    records = [item.record for item in items]
    await driver.execute(
        _RELEASE,
        group,
        [item.cluster for item in items],
        [record.topic for record in records],
        [record.partition for record in records],
        [record.offset for record in records],
    )


async def blocked(driver: Driver, group: str, keys: Iterable[OrderingKey]) -> set[OrderingKey]:
    """Which of these keys stand behind a parked record."""
    keys = list(keys)
    rows = await driver.fetch(
        _BLOCKED,
        group,
        [cluster for cluster, _, _ in keys],
        [topic for _, topic, _ in keys],
        [key for _, _, key in keys],
    )
    return {(row["cluster"], row["topic"], row["key"]) for row in rows}


async def types_in_runs(driver: Driver, group: str, longer_than: int) -> set[str]:
    """The types of the newest records that were parked in a row, in every partition where more than
    so many were.
    """
    rows = await driver.fetch(_IN_RUNS, group, longer_than)
    return {type_in(row["headers"]) for row in rows}
