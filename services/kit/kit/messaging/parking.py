"""What an operator does about parked records: list them, apply them again, go on without them."""

from dataclasses import dataclass
from datetime import datetime

from kit.db.driver import Row
from kit.db.store import Session, Store
from kit.messaging import prefetch
from kit.messaging.batch import Batch
from kit.messaging.disposition import APPLIED, HELD, PARKED, REPEATED
from kit.messaging.records import type_in
from kit.observability import names

REPLAYED = 500  # records of a key that one transaction takes up

_LIST = """
select p.topic, p.partition, p."offset", p.key, p.headers, p.reason, p.detail, p.attempts,
       p.parked_at, p.passed,
       (select count(*) from parked h
        where h."group" = p."group" and h.cluster = p.cluster and h.topic = p.topic
          and h.key = p.key and h.held) as held
from parked p
where p."group" = $1 and not p.held
order by p.parked_at, p.topic, p.partition, p."offset"
limit $2"""

_OF_KEY = """
select * from parked
where "group" = $1 and topic = $2 and key is not distinct from $3 and not passed
order by cluster, partition, "offset"
limit $4"""
_LEFT = """
select count(*) from parked
where "group" = $1 and topic = $2 and key is not distinct from $3 and not passed"""

_PASS = """
update parked set passed = true
where "group" = $1 and topic = $2 and partition = $3 and "offset" = $4 and not held
returning key"""

_BEHIND = """
select next from position
where "group" = $1 and topic = $2 and partition = $3 and next < $4
for update"""
_LEAP = """
update position set gaps = gaps + $4 - next, next = $4
where "group" = $1 and topic = $2 and partition = $3 and next < $4"""


@dataclass(frozen=True, slots=True)
class ParkedRecord:
    """A record that could not be applied. held: how many records of its key stand behind it."""

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


async def listed(store: Store, group: str, *, limit: int = 1000) -> list[ParkedRecord]:
    """What is parked, the oldest first; what stands behind is counted, not listed."""
    async with store.reading() as session:
        rows = await (await session.driver()).fetch(_LIST, group, limit)
    return [
        ParkedRecord(
            topic=row["topic"],
            partition=row["partition"],
            offset=row["offset"],
            key=_shown(row["key"]),
            type=type_in(row["headers"]),
            reason=row["reason"],
            detail=row["detail"],
            attempts=row["attempts"],
            held=0 if row["passed"] else row["held"],
            parked_at=row["parked_at"],
        )
        for row in rows
    ]


async def replay(store: Store, group: str, topic: str, key: str | None) -> tuple[int, int]:
    """Applies the parked record of a key and all behind it, in order, up to the first that fails
    again, which is parked anew.

    The handlers of the group must be imported. Returns how many went through, and how many are
    left.
    """
    encoded = None if key is None else key.encode(errors="surrogateescape")
    through = 0
    while True:
        async with store.transaction() as session:
            count, more = await _replay_some(session, group, topic, encoded)
        names.REPLAYED.add(count, group=group, topic=topic)
        through += count
        if not more:
            break
    async with store.reading() as session:
        left = await (await session.driver()).fetchval(_LEFT, group, topic, encoded)
    return through, int(left)


async def _replay_some(
    session: Session, group: str, topic: str, key: bytes | None
) -> tuple[int, bool]:
    """Returns how many went through, and whether more may follow."""
    driver = await session.driver()
    batch = Batch(session, group, careful=True)
    rows: list[Row] = await driver.fetch(_OF_KEY, group, topic, key, REPLAYED)
    await batch.lock(prefetch.place_of(row) for row in rows)
    # as it is under their locks
    rows = await driver.fetch(_OF_KEY, group, topic, key, REPLAYED)
    items = [prefetch.stored(row, group, HELD if row["held"] else PARKED) for row in rows]
    going = await batch.replay(items)
    await batch.move()
    mine = {id(item) for item in items}
    count = sum(id(one.item) in mine and one.name in (APPLIED, REPEATED) for one in batch.written)
    return count, going and len(rows) == REPLAYED


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
    if row["key"] is None:
        return 0, 0
    return await replay(store, group, topic, _shown(row["key"]))


async def resume(store: Store, group: str) -> None:
    """Forgets how many records were parked in a row, so that a group that stopped for it may go on
    when it is started.
    """
    async with store.transaction() as session:
        driver = await session.driver()
        await driver.execute('update position set run = 0 where "group" = $1', group)


async def accept_loss(store: Store, group: str, topic: str, partition: int, begin: int) -> int:
    """Goes on where the log begins now, for a group that stopped because records were deleted
    unread; they count as gaps.

    Returns how many were lost.
    """
    async with store.transaction() as session:
        driver = await session.driver()
        rows = await driver.fetch(_BEHIND, group, topic, partition, begin)
        await driver.execute(_LEAP, group, topic, partition, begin)
    return sum(begin - row["next"] for row in rows)


def _shown(key: bytes | None) -> str:
    return "" if key is None else key.decode(errors="surrogateescape")
