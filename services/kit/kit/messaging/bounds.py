"""Where partitions begin and end, asked over a connection of its own: on the group's, the answer
waits for the fetch before it.
"""

import asyncio
import time
from collections.abc import Collection

from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.errors import KafkaError

from kit.messaging.bootstrap import Bootstrap
from kit.messaging.starting import start

ANSWER_S = 2  # Kafka's time to tell
BEGINS_S = 10  # the beginning moves with retention only

Bounds = dict[tuple[str, int], tuple[int, int]]


class Brokers:
    """Asks Kafka; says nothing new while Kafka is silent."""

    def __init__(self, kafka: str | Bootstrap) -> None:
        self._kafka = Bootstrap.of(kafka)
        self._consumer: AIOKafkaConsumer | None = None
        self._begins: dict[TopicPartition, int] = {}
        self._begins_at = float("-inf")
        self._asking = asyncio.Lock()

    async def bounds(self, partitions: Collection[TopicPartition]) -> Bounds | None:
        """First offset and the one behind the last, of each of these partitions; None where Kafka
        does not answer.
        """
        async with self._asking:
            try:
                async with asyncio.timeout(ANSWER_S):
                    return await self._bounds(partitions)
            except (KafkaError, OSError, TimeoutError):
                await self.close()
                return None

    async def close(self) -> None:
        """Closes the connection; the next question opens it again."""
        consumer, self._consumer = self._consumer, None
        if consumer is not None:
            await consumer.stop()

    async def _bounds(self, partitions: Collection[TopicPartition]) -> Bounds:
        if self._consumer is None:
            made = AIOKafkaConsumer(
                **self._kafka.aiokafka(),
                enable_auto_commit=False,
                **self._kafka.tuned("read", metadata_max_age_ms=30_000),
            )
            try:
                await start(made)
            except BaseException:
                await made.stop()
                raise
            self._consumer = made
        if time.monotonic() - self._begins_at > BEGINS_S or not self._begins.keys() >= set(
            partitions
        ):
            self._begins = await self._consumer.beginning_offsets(partitions)
            self._begins_at = time.monotonic()
        ends = await self._consumer.end_offsets(partitions)
        return {(tp.topic, tp.partition): (self._begins[tp], ends[tp]) for tp in partitions}
