"""The gauges of a group: how far it is, since when it is behind, and what is parked."""

import time
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from aiokafka import TopicPartition

from kit.observe import names

if TYPE_CHECKING:
    from kit.events.consumers import Consumers

_PARKED = """
select reason, count(*), extract(epoch from now() - min(parked_at))::float8 from parked
where "group" = $1 and not held and not passed group by reason"""


def measure_positions(consumers: "Consumers", positions: Iterable[dict[str, Any]]) -> None:
    """Sets lag and position of every partition, and of ours also since when they are behind; positions: as in GET /status.

    Every replica tells the same lag and position, since both come from what all share. Who is silent does not tell that it is
    behind: rules look for its absence too.
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
            behind[consumers.group, tp.topic] = max(late_s, behind.get((consumers.group, tp.topic), 0.0))
    names.CONSUMER_BEHIND.all(behind)


async def measure_parked(consumers: "Consumers") -> None:
    """Sets how many records are parked for which reason, and for how long; those an operator has passed over are not counted."""
    async with consumers.store.reading() as session:
        rows = await (await session.driver()).fetch(_PARKED, consumers.group)
    names.PARKED_NOW.all({(consumers.group, row[0]): row[1] for row in rows})
    names.PARKED_OLDEST.set(max((row[2] for row in rows), default=0.0), group=consumers.group)
