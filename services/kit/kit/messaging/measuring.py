"""The gauges of a group: how far it is, since when it is behind, and what is parked."""

import time
from collections import Counter
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from aiokafka import TopicPartition

from kit.messaging.batch import PARKED, Disposition
from kit.messaging.failures import TRIES
from kit.observability import names

if TYPE_CHECKING:
    from kit.messaging.consumers import Consumers

WAITED = "WAITED_TOO_LONG"
_CLASSES = ("undecodable", "refused", "defect", "waited")
_PARKED = """
select reason, count(*), extract(epoch from now() - min(parked_at))::float8 from parked
where "group" = $1 and not held and not passed group by reason"""


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


def count_parked(group: str, fates: Iterable[Disposition]) -> None:
    """Counts what was parked by a transaction that has committed."""
    parked = Counter(
        (fate.item.record.topic, _class(fate)) for fate in fates if fate.name == PARKED
    )
    for (topic, reason), count in parked.items():
        names.PARKED.add(count, group=group, topic=topic, reason=reason)


def _class(fate: Disposition) -> str:
    if fate.item.fault is not None:
        return "undecodable"
    if fate.why[0] == WAITED:
        return "waited"
    return (
        "defect" if fate.attempts >= TRIES else "refused"
    )  # what a rule refuses is not tried again


def measure_positions(consumers: "Consumers", positions: Iterable[dict[str, Any]]) -> None:
    """Sets lag and position of every partition, and of ours also since when they are behind;
    positions: as in GET /status.

    Every replica tells the same lag and position, since both come from what all share. Who is
    silent does not tell that it is behind: rules look for its absence too.
    """
    now, mine = time.time(), consumers.consumer.assignment() if consumers.joined else frozenset()
    behind: dict[tuple[str, str], float] = {}
    for position in positions:
        if position["end"] is None:
            continue
        tp = TopicPartition(position["topic"], position["partition"])
        lag = max(0, position["end"] - position["next"])
        place = {"group": consumers.group, "topic": tp.topic, "partition": str(tp.partition)}
        names.CONSUMER_LAG.set(lag, **place)
        names.CONSUMER_POSITION.set(position["next"], **place)
        if tp in mine:
            if not lag:
                consumers.fresh[tp] = now
            late_s = max(0.0, now - consumers.fresh.setdefault(tp, now)) if lag else 0.0
            behind[consumers.group, tp.topic] = max(
                late_s, behind.get((consumers.group, tp.topic), 0.0)
            )
    names.CONSUMER_BEHIND.all(behind)


async def measure_parked(consumers: "Consumers") -> None:
    """Sets how many records are parked for which reason, and for how long; those an operator has
    passed over are not counted.
    """
    async with consumers.store.reading() as session:
        rows = await (await session.driver()).fetch(_PARKED, consumers.group)
    names.PARKED_NOW.all({(consumers.group, row[0]): row[1] for row in rows})
    names.PARKED_OLDEST.set(max((row[2] for row in rows), default=0.0), group=consumers.group)
