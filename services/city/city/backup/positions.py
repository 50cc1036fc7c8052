"""How far a set of databases has come in Kafka: what each group has read, and what of each
partition belongs to their past.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import asyncpg

from city.backup.tail import Partition
from kit.contracts.modules import import_all
from kit.db.connections import connect_options
from kit.messaging.subscriptions import subscriptions_of

_NEXT = 'select "group", topic, partition, next from position where cluster = $1'
_SENT = "select topic, partition, max(next) from sent where cluster = $1 group by 1, 2"


@dataclass(frozen=True)
class Positions:
    """nexts: the lowest offset that some group has not read, where every group of the topic has
    read something. true: offsets below it were published by transactions that the databases hold.
    """

    nexts: dict[Partition, int]
    true: dict[Partition, int]


def consuming(services: Iterable[str]) -> dict[str, set[str]]:
    """Which groups consume a topic, by its name; a service's group bears its name."""
    groups: dict[str, set[str]] = {}
    for service in services:
        import_all(service, "consumers")
        for each in subscriptions_of(service).values():
            groups.setdefault(each.topic, set()).add(service)
    return groups


async def look(databases: Mapping[str, str], cluster: str) -> Positions:
    """Asks the databases, one after the other. databases: addresses by service. Raises:
    asyncpg.PostgresError, OSError.
    """
    groups = consuming(databases)
    read: dict[Partition, dict[str, int]] = {}
    true: dict[Partition, int] = {}
    for address in databases.values():
        connection = await asyncpg.connect(address, **connect_options("backup"))
        try:
            for group, topic, partition, following in await connection.fetch(_NEXT, cluster):
                read.setdefault((topic, partition), {})[group] = following
            for topic, partition, end in await connection.fetch(_SENT, cluster):
                true[topic, partition] = max(end, true.get((topic, partition), 0))
        finally:
            await connection.close()
    complete = {
        place: by_group
        for place, by_group in read.items()
        if groups.get(place[0], set()) <= by_group.keys()
    }
    return Positions({place: min(by_group.values()) for place, by_group in complete.items()}, true)
