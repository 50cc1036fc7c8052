"""Watches the broker in memory: it drops its oldest records when a partition is full, and a record
dropped unread is lost.
"""

import asyncio

from confluent_kafka import Consumer, TopicPartition

from city.box.supervisor import Supervisor
from city.operations.status import Position
from devservers.kafka import MemoryKafka

LOOK_S = 2.0
NARROW = 0.5  # share of a partition's records that a group may lag behind before a person is told


class MemoryWatch:
    """Compares what the broker still holds with what each group has applied; ends the city when a
    record was dropped unread.
    """

    def __init__(self, broker: MemoryKafka, supervisor: Supervisor) -> None:
        self._supervisor = supervisor
        self._consumer = Consumer(
            {"bootstrap.servers": broker.address, "group.id": "eldercare-watch", "log_level": 0}
        )
        self._warned: set[tuple[str, str]] = set()

    async def run(self) -> None:
        """Looks until it is cancelled."""
        while True:
            await asyncio.to_thread(self._look)
            await asyncio.sleep(LOOK_S)

    def _look(self) -> None:
        for child in list(self._supervisor.children.values()):
            for position in child.status.get("positions", ()):
                if self._compare(child.name, position):
                    return

    def _compare(self, service: str, position: Position) -> bool:
        """True where a record was dropped unread, and so the city ends."""
        topic = position["topic"]
        partition = position["partition"]
        following = position["next"]
        place = TopicPartition(topic, partition)
        begin, end = self._consumer.get_watermark_offsets(place, timeout=5)
        if following < begin:
            self._supervisor.fail(
                f"Kafka in memory dropped {begin - following} records of {topic}/{partition} that "
                f"{service} had not read; use --kafka apache, or fewer elders"
            )
            return True
        behind = begin > 0 and end - following > NARROW * (end - begin)
        if behind and (service, topic) not in self._warned:
            self._warned.add((service, topic))
            lag = f"{service} lags {end - following} records behind on {topic}"
            self._supervisor.say(f"{lag}; Kafka in memory holds {end - begin}")
        return False
