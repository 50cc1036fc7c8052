"""What a group tells of itself: where it is in each partition, and what became of every record."""

from collections.abc import Iterator, Mapping
from typing import TypedDict

from aiokafka import TopicPartition

from kit.db.driver import Row
from kit.messaging.bounds import Bounds
from kit.messaging.measuring import PartitionStatus
from kit.messaging.reading import Group

_ROWS = """
select topic, partition, begin, next,
       applied, repeated, foreign_ as foreign, waiting, parked, held, gaps
from position
where "group" = $1 and cluster = $2
order by topic, partition"""
# of clusters before this one
_OLD = """
select coalesce(sum(waiting), 0) as waiting, coalesce(sum(parked), 0) as parked,
       coalesce(sum(held), 0) as held
from position
where "group" = $1 and cluster <> $2"""


class GroupStatus(TypedDict):
    """What GET /status tells of a group. lag: None until every partition's end is known."""

    positions: list[PartitionStatus]
    lag: int | None
    waiting: int
    parked: int
    held: int


# of a service without subscriptions
NOTHING_READ: GroupStatus = {"positions": [], "lag": 0, "waiting": 0, "parked": 0, "held": 0}
# of one that has not begun to read
NOTHING_KNOWN: GroupStatus = {**NOTHING_READ, "lag": None}


async def status(reader: Group) -> GroupStatus:
    """`positions`, `lag`, `waiting`, `parked` and `held` of GET /status.

    Per position: next - begin = applied + repeated + foreign + waiting + parked + held + gaps, and
    end - next is its lag. `end` is as Kafka reported it last; `lag` is None until then.
    """
    if not reader.started:
        return NOTHING_KNOWN
    async with reader.store.reading() as session:
        driver = await session.driver()
        rows = await driver.fetch(_ROWS, reader.group, reader.cluster)
        old = await driver.fetchrow(_OLD, reader.group, reader.cluster)
    bounds = await _bounds(reader)
    found = {(row["topic"], row["partition"]): row for row in rows}
    positions = list(_positions(found, bounds))
    lags = [_lag(position) for position in positions]
    known = [lag for lag in lags if lag is not None]
    return {
        "positions": positions,
        "lag": sum(known) if reader.ready and len(known) == len(lags) else None,
        "waiting": sum(position["waiting"] for position in positions) + int(old["waiting"]),
        "parked": sum(position["parked"] for position in positions) + int(old["parked"]),
        "held": sum(position["held"] for position in positions) + int(old["held"]),
    }


async def is_behind(reader: Group, topic: str) -> bool:
    """Whether Kafka may hold records of a topic that the group has not come to; also where Kafka
    does not answer now.
    """
    if not reader.joined:
        return True
    partitions = _partitions(reader, topic)
    bounds = await reader.brokers.bounds(partitions) if partitions else None
    if bounds is None:
        return True
    async with reader.store.reading() as session:
        rows = await (await session.driver()).fetch(_ROWS, reader.group, reader.cluster)
    nexts = {(row["topic"], row["partition"]): row["next"] for row in rows}
    return any(nexts.get(place, begin) < end for place, (begin, end) in bounds.items())


def _positions(found: Mapping[tuple[str, int], Row], bounds: Bounds) -> Iterator[PartitionStatus]:
    for topic, partition in sorted(found.keys() | bounds.keys()):
        row: Row = found.get((topic, partition))
        begin, end = bounds.get((topic, partition), (None, None))
        yield PartitionStatus(
            topic=topic,
            partition=partition,
            begin=row["begin"] if row else begin,
            end=end,
            next=row["next"] if row else begin,
            applied=row["applied"] if row else 0,
            repeated=row["repeated"] if row else 0,
            foreign=row["foreign"] if row else 0,
            waiting=row["waiting"] if row else 0,
            parked=row["parked"] if row else 0,
            held=row["held"] if row else 0,
            gaps=row["gaps"] if row else 0,
        )


def _lag(position: PartitionStatus) -> int | None:
    end, next = position["end"], position["next"]
    return None if end is None or next is None else max(0, end - next)


def _partitions(reader: Group, topic: str) -> list[TopicPartition]:
    numbers = reader.consumer.partitions_for_topic(topic) or ()
    return [TopicPartition(topic, number) for number in numbers]


async def _bounds(reader: Group) -> Bounds:
    """Where each partition begins and ends, by the broker; as it answered last where it is
    silent.
    """
    if reader.joined:
        partitions = [tp for topic in reader.topics for tp in _partitions(reader, topic)]
        reader.bounds = await reader.brokers.bounds(partitions) or reader.bounds
    return reader.bounds
