"""The fence: how far a group is, kept beside the effects, locked before them and moved with them."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, fields

import asyncpg

from kit.messaging.records import ClusterPartition

_ENSURE = """
insert into position ("group", cluster, topic, partition, begin, next, applied, repeated, foreign_, waiting, parked, held, gaps, run)
select $1, p.cluster, p.topic, p.partition, p.begin, p.begin, 0, 0, 0, 0, 0, 0, 0, 0
from unnest($2::text[], $3::text[], $4::int[], $5::bigint[]) as p (cluster, topic, partition, begin) on conflict do nothing"""

_LOCK = """
select cluster, topic, partition, next, waiting, parked + held as barred, run, exists (select from waiting w where w."group" = $1) as waits
from position
where "group" = $1 and (cluster, topic, partition) in (select * from unnest($2::text[], $3::text[], $4::int[]))
order by cluster, topic, partition for update of position"""

_MOVE = """
update position p
set next = greatest(p.next, v.next), applied = p.applied + v.applied, repeated = p.repeated + v.repeated,
    foreign_ = p.foreign_ + v.foreign_, waiting = p.waiting + v.waiting, parked = p.parked + v.parked, held = p.held + v.held,
    gaps = p.gaps + v.gaps, run = coalesce(v.run, p.run)
from unnest($2::text[], $3::text[], $4::int[], $5::bigint[], $6::bigint[], $7::bigint[], $8::bigint[], $9::bigint[], $10::bigint[],
            $11::bigint[], $12::bigint[], $13::int[])
    as v (cluster, topic, partition, next, applied, repeated, foreign_, waiting, parked, held, gaps, run)
where p."group" = $1 and p.cluster = v.cluster and p.topic = v.topic and p.partition = v.partition"""


@dataclass(slots=True)
class Locked:
    """A position as its lock found it.

    barred: whether records of it are parked or held. waits: whether anything of the group waits, in
    any partition.
    """

    next: int
    waiting: int
    barred: int
    run: int
    waits: bool


@dataclass(slots=True)
class Tally:
    """What a transaction adds to a position. next, run: the new value; None or 0 leave it."""

    next: int = 0
    applied: int = 0
    repeated: int = 0
    foreign_: int = 0
    waiting: int = 0
    parked: int = 0
    held: int = 0
    gaps: int = 0
    run: int | None = None


_COLUMNS = tuple(column.name for column in fields(Tally))


async def ensure(
    driver: asyncpg.Connection, group: str, begins: Mapping[ClusterPartition, int]
) -> None:
    """Makes the positions that are not there yet; they start at these offsets."""
    if begins:
        await driver.execute(_ENSURE, group, *_apart(begins), list(begins.values()))


async def lock(
    driver: asyncpg.Connection, group: str, places: Iterable[ClusterPartition]
) -> dict[ClusterPartition, Locked]:
    """Locks the positions, in one order for everybody."""
    rows = await driver.fetch(_LOCK, group, *_apart(places))
    return {
        ClusterPartition(row[0], row[1], row[2]): Locked(row[3], row[4], row[5], row[6], row[7])
        for row in rows
    }


async def move(
    driver: asyncpg.Connection, group: str, tallies: Mapping[ClusterPartition, Tally]
) -> None:
    """Adds what has become of the records; their positions are locked."""
    columns = [[getattr(tally, name) for tally in tallies.values()] for name in _COLUMNS]
    await driver.execute(_MOVE, group, *_apart(tallies), *columns)


def _apart(places: Iterable[ClusterPartition]) -> tuple[list[str], list[str], list[int]]:
    places = list(places)
    return [p.cluster for p in places], [p.topic for p in places], [p.partition for p in places]
