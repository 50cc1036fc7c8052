"""Watches the broker in memory: it drops its oldest records when a partition is full, and a record
dropped unread is lost.
"""

import asyncio

from confluent_kafka import Consumer, TopicPartition

from city.supervisor import Supervisor
from devservers.kafka import MemoryKafka

LOOK_S = 2.0
NARROW = 0.5  # share of a partition's records that a group may lag behind before it is said aloud


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
            for position in child.told.get("positions", ()):
                topic, partition, following = (
                    position["topic"],
                    position["partition"],
                    position["next"],
                )
                begin, end = self._consumer.get_watermark_offsets(
                    TopicPartition(topic, partition), timeout=5
                )
                if following < begin:
                    lost = (
                        f"Kafka in memory dropped {begin - following} records of "
                        f"{topic}/{partition} that {child.name} had not read"
                    )
                    return self._supervisor.fail(f"{lost}; use --kafka apache, or fewer elders")
                if (
                    begin > 0
                    and end - following > NARROW * (end - begin)
                    and (child.name, topic) not in self._warned
                ):
                    self._warned.add((child.name, topic))
                    lag = f"{child.name} lags {end - following} records behind on {topic}"
                    self._supervisor.said(f"{lag}; Kafka in memory holds {end - begin}")
