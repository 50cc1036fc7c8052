"""The fence: how far a group is, kept beside the effects, locked before and moved with them."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, fields

from kit.db.driver import Driver
from kit.messaging.records import ClusterPartition

_ENSURE = """
insert into position ("group", cluster, topic, partition, begin, next,
                      applied, repeated, foreign_, waiting, parked, held, gaps, run)
select $1, p.cluster, p.topic, p.partition, p.begin, p.begin, 0, 0, 0, 0, 0, 0, 0, 0
from unnest($2::text[], $3::text[], $4::int[], $5::bigint[])
     as p (cluster, topic, partition, begin)
on conflict do nothing"""

_LOCK = """
select cluster, topic, partition, next, waiting, parked + held as blocked, run,
       exists (select from waiting w where w."group" = $1) as waits
from position
where "group" = $1 and (cluster, topic, partition) in
      (select * from unnest($2::text[], $3::text[], $4::int[]))
order by cluster, topic, partition
for update of position"""

_MOVE = """
update position p
set next = greatest(p.next, v.next), applied = p.applied + v.applied,
    repeated = p.repeated + v.repeated, foreign_ = p.foreign_ + v.ignored,
    waiting = p.waiting + v.waiting, parked = p.parked + v.parked, held = p.held + v.held,
    gaps = p.gaps + v.gaps, run = coalesce(v.run, p.run)
from unnest($2::text[], $3::text[], $4::int[], $5::bigint[], $6::bigint[], $7::bigint[],
            $8::bigint[], $9::bigint[], $10::bigint[], $11::bigint[], $12::bigint[], $13::int[])
     as v (cluster, topic, partition, next, applied, repeated, ignored,
           waiting, parked, held, gaps, run)
where p."group" = $1 and p.cluster = v.cluster
  and p.topic = v.topic and p.partition = v.partition"""


@dataclass(slots=True)
class Locked:
    """A position as its lock found it.

    blocked: how many of its records are parked or held. waits: whether anything of the group
    waits, in any partition.
    """

    next: int
    waiting: int
    blocked: int
    run: int
    waits: bool


@dataclass(slots=True)
class Tally:
    """What a transaction adds to a position. next, run: the new value; None or 0 leave it."""

    next: int = 0
    applied: int = 0
    repeated: int = 0
    ignored: int = 0
    waiting: int = 0
    parked: int = 0
    held: int = 0
    gaps: int = 0
    run: int | None = None

    def add(self, counter: str, count: int) -> None:
        """Adds to the counter of this name."""
        setattr(self, counter, getattr(self, counter) + count)


_COLUMNS = tuple(column.name for column in fields(Tally))


async def ensure(driver: Driver, group: str, begins: Mapping[ClusterPartition, int]) -> None:
    """Makes the positions that are not there yet; they start at these offsets."""
    if begins:
        await driver.execute(_ENSURE, group, *_apart(begins), list(begins.values()))


async def lock(
    driver: Driver, group: str, places: Iterable[ClusterPartition]
) -> dict[ClusterPartition, Locked]:
    """Locks the positions, in one order for everybody."""
    rows = await driver.fetch(_LOCK, group, *_apart(places))
    return {
        ClusterPartition(row["cluster"], row["topic"], row["partition"]): Locked(
            next=row["next"],
            waiting=row["waiting"],
            blocked=row["blocked"],
            run=row["run"],
            waits=row["waits"],
        )
        for row in rows
    }


async def move(driver: Driver, group: str, tallies: Mapping[ClusterPartition, Tally]) -> None:
    """Adds what has become of the records; their positions are locked."""
    columns = [[getattr(tally, name) for tally in tallies.values()] for name in _COLUMNS]
    await driver.execute(_MOVE, group, *_apart(tallies), *columns)


def _apart(places: Iterable[ClusterPartition]) -> tuple[list[str], list[str], list[int]]:
    places = list(places)
    return [p.cluster for p in places], [p.topic for p in places], [p.partition for p in places]
