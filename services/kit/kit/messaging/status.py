"""What a group tells of itself: where it is in each partition, and what became of every record."""

from typing import TYPE_CHECKING, Any

from aiokafka import TopicPartition

if TYPE_CHECKING:
    from kit.messaging.consumers import Consumers

_ROWS = """
select topic, partition, begin, next, applied, repeated, foreign_, waiting, parked, held, gaps from position
where "group" = $1 and cluster = $2 order by topic, partition"""
_OLD = """
select coalesce(sum(waiting), 0), coalesce(sum(parked), 0), coalesce(sum(held), 0) from position where "group" = $1 and cluster <> $2"""

_COUNTS = ("applied", "repeated", "foreign", "waiting", "parked", "held", "gaps")


async def status(consumers: "Consumers") -> dict[str, Any]:
    """`positions`, `lag`, `waiting`, `parked` and `held` of GET /status.

    Per position: next - begin = applied + repeated + foreign + waiting + parked + held + gaps, and
    end - next is its lag. `end` is as Kafka told it last; `lag` is None until it has told it once.
    """
    async with consumers.store.reading() as session:
        driver = await session.driver()
        rows = await driver.fetch(_ROWS, consumers.group, consumers.cluster)
        old = await driver.fetchrow(_OLD, consumers.group, consumers.cluster)
    bounds = await _bounds(consumers)
    found = {(row[0], row[1]): row for row in rows}
    positions = []
    for topic, partition in sorted(found.keys() | bounds.keys()):
        row = found.get((topic, partition))
        begin, end = bounds.get((topic, partition), (None, None))
        told = dict(zip(_COUNTS, row[4:] if row else (0,) * len(_COUNTS), strict=True))
        begin, next = (row[2], row[3]) if row else (begin, begin)
        positions.append(
            {
                "topic": topic,
                "partition": partition,
                "begin": begin,
                "end": end,
                "next": next,
                **told,
            }
        )
    known = all(position["end"] is not None for position in positions) and consumers.ready
    return {
        "positions": positions,
        "lag": sum(max(0, position["end"] - position["next"]) for position in positions)
        if known
        else None,
        **{
            name: sum(position[name] for position in positions) + int(rest)
            for name, rest in zip(("waiting", "parked", "held"), old, strict=True)
        },
    }


async def is_behind(consumers: "Consumers", topic: str) -> bool:
    """Whether Kafka may hold records of a topic that the group has not come to; also where Kafka
    does not answer now.
    """
    if not consumers.joined:
        return True
    partitions = [
        TopicPartition(topic, number)
        for number in consumers.consumer.partitions_for_topic(topic) or ()
    ]
    bounds = await consumers.brokers.bounds(partitions) if partitions else None
    if bounds is None:
        return True
    async with consumers.store.reading() as session:
        rows = await (await session.driver()).fetch(_ROWS, consumers.group, consumers.cluster)
    come = {(row[0], row[1]): row[3] for row in rows}
    return any(come.get(place, begin) < end for place, (begin, end) in bounds.items())


async def _bounds(consumers: "Consumers") -> dict[tuple[str, int], tuple[int, int]]:
    """Where each partition begins and ends, by the broker; what it said last where it is silent."""
    if consumers.joined:
        known = consumers.consumer.partitions_for_topic
        partitions = [
            TopicPartition(topic, number)
            for topic in consumers.topics
            for number in known(topic) or ()
        ]
        consumers.bounds = await consumers.brokers.bounds(partitions) or consumers.bounds
    return consumers.bounds
