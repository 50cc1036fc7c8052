"""The gauges of a group: how far it is, since when it is behind, and what is parked."""

import time
from collections import Counter
from collections.abc import Iterable
from typing import TypedDict

from aiokafka import TopicPartition

from kit.messaging.disposition import PARKED, Disposition
from kit.messaging.failures import TRIES
from kit.messaging.reading import Group
from kit.observability import names
from kit.observability.metrics import Labels

WAITED = "WAITED_TOO_LONG"
_CLASSES = ("undecodable", "refused", "defect", "waited")
_PARKED = """
select reason, count(*) as count, extract(epoch from now() - min(parked_at))::float8 as age_s
from parked
where "group" = $1 and not held and not passed
group by reason"""


class PartitionStatus(TypedDict):
    """A partition in GET /status: where it begins and ends, what is read next, and what became of
    the records read.
    """

    topic: str
    partition: int
    begin: int | None
    end: int | None
    next: int | None
    applied: int
    repeated: int
    foreign: int
    waiting: int
    parked: int
    held: int
    gaps: int


def begin_counting(group: str, topics: Iterable[str]) -> None:
    """Begins the counters of a group at 0: a series that appears with its first count hides it from
    every rate.
    """
    names.REBALANCED.add(0, group=group)
    names.BATCH_REPLAYED.add(0, group=group)
    for topic in topics:
        for metric in (names.APPLIED, names.REPEATED, names.FOREIGN):
            metric.add(0, group=group, topic=topic)
        for reason in _CLASSES:
            names.PARKED.add(0, group=group, topic=topic, reason=reason)


def count_parked(group: str, dispositions: Iterable[Disposition]) -> None:
    """Counts what was parked by a transaction that has committed."""
    parked = Counter(
        (one.item.record.topic, _class(one)) for one in dispositions if one.name == PARKED
    )
    for (topic, reason), count in parked.items():
        names.PARKED.add(count, group=group, topic=topic, reason=reason)


def _class(disposition: Disposition) -> str:
    if disposition.item.fault is not None:
        return "undecodable"
    if disposition.why[0] == WAITED:
        return "waited"
    # what a rule refuses is not tried again
    return "defect" if disposition.attempts >= TRIES else "refused"


def measure_positions(reader: Group, positions: Iterable[PartitionStatus]) -> None:
    """Sets lag and position of every partition, and of ours also since when they are behind;
    positions: as in GET /status.

    Every replica tells the same lag and position, since both come from what all share. Who is
    silent does not tell that it is behind: rules look for its absence too.
    """
    now = time.time()
    mine = reader.consumer.assignment() if reader.joined else frozenset()
    fresh_at = reader.progress.fresh_at
    behind: dict[Labels, float] = {}
    for position in positions:
        end, next = position["end"], position["next"]
        if end is None or next is None:
            continue
        tp = TopicPartition(position["topic"], position["partition"])
        lag = max(0, end - next)
        labels = {"group": reader.group, "topic": tp.topic, "partition": str(tp.partition)}
        names.CONSUMER_LAG.set(lag, **labels)
        names.CONSUMER_POSITION.set(next, **labels)
        if tp in mine:
            if not lag:
                fresh_at[tp] = now
            late_s = max(0.0, now - fresh_at.setdefault(tp, now)) if lag else 0.0
            series = (reader.group, tp.topic)
            behind[series] = max(late_s, behind.get(series, 0.0))
    names.CONSUMER_BEHIND.all(behind)


async def measure_parked(reader: Group) -> None:
    """Sets how many records are parked for which reason, and for how long; those an operator has
    passed over are not counted.
    """
    async with reader.store.reading() as session:
        rows = await (await session.driver()).fetch(_PARKED, reader.group)
    names.PARKED_NOW.all({(reader.group, row["reason"]): row["count"] for row in rows})
    oldest_s = max((row["age_s"] for row in rows), default=0.0)
    names.PARKED_OLDEST.set(oldest_s, group=reader.group)
