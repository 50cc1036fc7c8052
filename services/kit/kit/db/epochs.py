"""A new epoch: a database that was brought back to an earlier instant is fitted to topics that were
made anew.

What was published after that instant is in no database any more. The topics begin again with what
the groups have not read of the past (`kept`); what waits or is parked goes before their beginning,
at negative offsets, so that the line of a key stays in one order.
"""

from bisect import bisect_left
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from uuid import UUID

from kit.db.driver import Driver
from kit.db.store import Session

Partition = tuple[str, int]
FIRST = datetime(2026, 1, 1, tzinfo=UTC)

_AGAIN = "select epoch from epoch where restore_id = $1"
_BEGUN = """
insert into epoch (epoch, restore_id, cluster, began_at)
select greatest(coalesce(max(epoch), 0) + 1, $4), $1, $2, $3 from epoch returning epoch"""

_PLACES = """
create temporary table place on commit drop as
select "group", cluster, topic, partition, "offset",
       row_number() over line - count(*) over (partition by "group", topic, partition) - 1 as new
from (select "group", cluster, topic, partition, "offset" from waiting
      union all select "group", cluster, topic, partition, "offset" from parked) as stored
window line as (partition by "group", topic, partition
                order by cluster = '{lost}', cluster, "offset")"""
_ASIDE = """
update {table} s set cluster = '', "offset" = p.new from place p
where (s."group", s.cluster, s.topic, s.partition, s."offset")
    = (p."group", p.cluster, p.topic, p.partition, p."offset")"""
_BACK = "update {table} set cluster = $1 where cluster = ''"

_READ = """
select "group", topic, partition, max(next) filter (where cluster = $1) as next,
       coalesce(max(run) filter (where cluster = $1), 0) as run
from position
group by 1, 2, 3"""
_POSITIONS = """
insert into position ("group", cluster, topic, partition, begin, next,
                      applied, repeated, foreign_, waiting, parked, held, gaps, run)
select p.g, $1, p.t, p.p, p.next - w.n - k.parked - k.held, p.next,
       0, 0, 0, w.n, k.parked, k.held, 0, p.run
from unnest($2::text[], $3::text[], $4::int[], $5::bigint[], $6::int[]) as p (g, t, p, next, run)
cross join lateral (
    select count(*) as n from waiting
    where "group" = p.g and topic = p.t and partition = p.p) as w
cross join lateral (
    select count(*) filter (where not held) as parked, count(*) filter (where held) as held
    from parked
    where "group" = p.g and topic = p.t and partition = p.p) as k"""
_SENT = (
    "insert into sent (part, cluster, topic, partition, next) select 0, $1, * from "
    "unnest($2::text[], $3::int[], $4::bigint[])"
)


async def start(
    session: Session,
    restore_id: UUID,
    *,
    lost: str,
    cluster: str,
    kept: Mapping[Partition, Sequence[int]],
) -> int:
    """Begins the next epoch of this database and returns its number; the same restore again changes
    nothing.

    lost, cluster: Kafka's cluster id before and from now on; they may be the same. kept: what each
    new partition holds, as the offsets its records had before, rising; the first lies at offset 0
    now.
    """
    driver = await session.driver()
    if (known := await driver.fetchval(_AGAIN, restore_id)) is not None:
        return int(known)
    now = session.store.clock.real()
    epoch = int(
        await driver.fetchval(_BEGUN, restore_id, cluster, now, int((now - FIRST).total_seconds()))
    )
    await driver.execute(_PLACES.format(lost=lost.replace("'", "''")))
    for table in ("waiting", "parked"):
        await driver.execute(_ASIDE.format(table=table))
        await driver.execute(_BACK.format(table=table), cluster)
    await _reposition(driver, lost, cluster, kept)
    await driver.execute("delete from sent")
    if kept:
        await driver.execute(
            _SENT,
            cluster,
            *zip(*((*place, len(offsets)) for place, offsets in kept.items()), strict=True),
        )
    return epoch


async def _reposition(
    driver: Driver, lost: str, cluster: str, kept: Mapping[Partition, Sequence[int]]
) -> None:
    rows = await driver.fetch(_READ, lost)
    await driver.execute("delete from position")
    if rows:
        nexts = [
            bisect_left(kept.get((row["topic"], row["partition"]), ()), row["next"] or 0)
            for row in rows
        ]
        await driver.execute(
            _POSITIONS,
            cluster,
            *([row[name] for row in rows] for name in ("group", "topic", "partition")),
            nexts,
            [row["run"] for row in rows],
        )
