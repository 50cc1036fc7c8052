"""Reads a group's topics: one FastStream subscriber for all of them, batches into transactions,
every trap closed in one place.

No partition is sought from a listener: records are handed out while it runs.
"""

import asyncio
import contextlib
import time
from collections.abc import Mapping
from typing import cast

from aiokafka import TopicPartition
from aiokafka.abc import ConsumerRebalanceListener
from aiokafka.errors import IllegalStateError, KafkaError
from faststream.kafka import KafkaBroker
from faststream.kafka.subscriber.usecase import BatchSubscriber

from kit.db.store import Store
from kit.messaging import measuring, members, subscriber, upkeep
from kit.messaging.bootstrap import Bootstrap
from kit.messaging.bounds import Bounds, Brokers
from kit.messaging.clusters import cluster_of
from kit.messaging.failures import STOPPED, Limits, Stop
from kit.messaging.polled_batch import BACK_OFF_S, PolledBatch
from kit.messaging.reading import Client, Progress
from kit.messaging.starting import start
from kit.messaging.subscriber import SESSION_MS, Membership, Polled, PolledRecords
from kit.messaging.subscriptions import Archive, subscriptions_of
from kit.observability import names
from kit.observability.logs import log

STOP_S = 10  # a drain waits so long for the batch under way
# a revoked partition waits so long for the batch under way; what comes later is harmless behind the
# fence
BARRIER_S = 20
COMMIT_PAUSE_S, COMMIT_S = 1.0, 2.0  # between two commits to Kafka, which only tools read
# Most records of one transaction: what a transaction itself costs is shared by so many. Above it
# little is gained, and a record that fails makes more of them be applied once more.
BATCH = 200
STUCK_S = 120  # a batch that takes longer is no progress


class Consumers(ConsumerRebalanceListener):  # type: ignore[misc]
    """What one group reads, in one process; any number of processes may run the same group.

    archive: keeps the facts of a batch in the same transaction and returns the ids of those that
    are new; it is the inbox then, and also gets events that no function wants. batch: most records
    of one transaction. member: a name that lasts over restarts (of a stateful set), which spares
    the others a rebalance. session_ms: after this silence the group gives our partitions to others.
    """

    def __init__(
        self,
        group: str,
        *,
        archive: Archive | None = None,
        batch: int = BATCH,
        limits: Limits | None = None,
        member: str | None = None,
        session_ms: int = SESSION_MS,
        expires_s: float = upkeep.EXPIRES_S,
    ) -> None:
        self.group, self.archive = group, archive
        self.limits = limits or Limits()
        self.expires_s, self.stop_s, self.stalled_s = expires_s, STOP_S, upkeep.STALLED_S
        self.alarm: Stop | None = None
        self.cluster = ""
        self.progress = Progress()
        self.bounds: Bounds = {}
        self._membership = Membership(group, batch, member, session_ms)
        self.started = False
        self._opened = False
        self._stopped = asyncio.Event()
        self._tasks: list[asyncio.Task[None]] = []
        self._broker: KafkaBroker | None = None
        self._subscriber: BatchSubscriber | None = None
        self._batch_begun_at: float | None = None
        self._committed_at = 0.0
        self._committing: asyncio.Task[None] | None = None

    @property
    def topics(self) -> list[str]:
        """All topics of the group."""
        return sorted(
            {subscription.topic for subscription in subscriptions_of(self.group).values()}
        )

    @property
    def live(self) -> bool:
        """False where it has stopped, or where there is something to read and nothing is read; a
        neighbour's absence is no reason.
        """
        if self.alarm is not None or self.progress.stalled:
            return False
        return self._batch_begun_at is None or time.monotonic() - self._batch_begun_at < STUCK_S

    @property
    def joined(self) -> bool:
        """Whether it has reached Kafka and stands in its group."""
        return self._opened and self._has_client

    @property
    def ready(self) -> bool:
        """Whether it reads; a group without subscriptions always does."""
        return self.joined or not self.topics

    @property
    def paused(self) -> bool:
        """Whether a partition rests, because the database or a neighbour is away."""
        return bool(self.progress.pauses)

    @property
    def consumer(self) -> Client:
        """aiokafka's consumer, once the group is joined."""
        assert self._subscriber is not None
        return cast(Client, self._subscriber.consumer)

    @property
    def _has_client(self) -> bool:
        return self._subscriber is not None and self._subscriber.consumer is not None

    async def start(self, store: Store, kafka: str | Bootstrap) -> None:
        """Begins reading in the background; while Kafka does not answer it keeps trying."""
        self.store, self.kafka = store, Bootstrap.of(kafka)
        self.brokers = Brokers(self.kafka)
        self.started = True
        if self.topics:
            measuring.begin_counting(self.group, self.topics)
            self._tasks = [
                asyncio.create_task(self._open()),
                asyncio.create_task(upkeep.keep(self)),
            ]

    async def stop(self) -> None:
        """Ends after the batch under way, which is cut off where it takes too long; the last
        offsets are committed to Kafka, for its tools.
        """
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        if self._has_client:
            self._stop_polling()
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(self.stop_s), self.progress.batch_lock:
                    await self._commit_offsets()
        if self._committing is not None:
            await asyncio.gather(self._committing, return_exceptions=True)
        if self._broker is not None:
            await self._broker.stop()
        await self.brokers.close()
        self._stopped.set()

    async def wait(self) -> None:
        """Returns when it was stopped. Raises: Stop where it stopped itself, for the process to end
        non-zero.
        """
        await self._stopped.wait()
        if self.alarm is not None:
            raise self.alarm

    def seek(self, to: Mapping[tuple[str, int], int]) -> None:
        """Reads on from these offsets; only the loop's own task may call this."""
        for (topic, partition), offset in to.items():
            tp = TopicPartition(topic, partition)
            with contextlib.suppress(IllegalStateError):  # taken from us meanwhile
                self.consumer.seek(tp, offset)
                self.progress.next_expected[tp] = offset

    def reread(self, to: Mapping[tuple[str, int], int]) -> None:
        """Reads on from these offsets although a batch may be polled already; the lock of batches
        must be held.

        That batch is dropped, so its other partitions go back to where they were: what it held is
        no gap.
        """
        expected = self.progress.next_expected
        back = {(tp.topic, tp.partition): offset for tp, offset in expected.items()}
        self.progress.assignment_generation += 1
        expected.clear()
        self.seek(back | dict(to))

    def commit_offsets(self) -> None:
        """Tells Kafka now and then how far we are, for tools that measure lag."""
        idle = self._committing is None or self._committing.done()
        if idle and time.monotonic() - self._committed_at > COMMIT_PAUSE_S:
            self._committed_at = time.monotonic()
            self._committing = asyncio.create_task(self._commit_offsets())

    async def give_up(self, alarm: Stop) -> None:
        """Stops reading for good, with an alarm."""
        if self.alarm is not None:
            return
        self.alarm = alarm
        kind = type(alarm).__name__
        log.error(STOPPED, group=self.group, alarm=kind, text=str(alarm))
        self._stop_polling()
        self._stopped.set()

    async def on_partitions_revoked(self, revoked: object) -> None:
        """Waits for the batch under way, and takes no other one until the next assignment."""
        self.progress.revoking = True
        self.progress.assignment_generation += 1
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(BARRIER_S), self.progress.batch_lock:
                await self._commit_offsets()

    async def on_partitions_assigned(self, assigned: object) -> None:
        """Forgets where it was: the first batch of each partition is compared with its position."""
        self.progress.assignment_generation += 1
        self.progress.revoking = False
        self.progress.clear()
        names.REBALANCED.add(1, group=self.group)

    async def _open(self) -> None:
        pause_s = BACK_OFF_S[0]
        while True:
            try:
                self.cluster = await cluster_of(self.kafka)
                if self._membership.member:
                    await members.take_place(
                        self.kafka, self.group, self._membership.member, self.topics
                    )
                self._broker, self._subscriber = self._made()
                await start(self._broker)
                self._opened = True
                return
            except (KafkaError, OSError) as error:
                log.warning("kafka does not answer", group=self.group, error=type(error).__name__)
                if self._broker is not None:
                    await self._broker.stop()
            await asyncio.sleep(pause_s)
            pause_s = min(2 * pause_s, BACK_OFF_S[1])

    def _made(self) -> tuple[KafkaBroker, BatchSubscriber]:
        progress = self.progress
        records = PolledRecords(
            lambda: progress.assignment_generation,
            progress.next_expected.clear,
            self._take,
            self._membership.batch,
        )
        return subscriber.made(self.kafka, self._membership, self.topics, records, self)

    async def _take(self, polled: Polled) -> None:
        generation, records = polled
        progress = self.progress
        async with progress.batch_lock:
            outdated = generation != progress.assignment_generation
            if outdated or progress.revoking or self.alarm is not None:
                return  # these partitions are read again from their positions
            self._batch_begun_at = time.monotonic()
            applied = False
            try:
                await PolledBatch(self, generation, records).run()
                applied = True
            except Stop as alarm:
                await self.give_up(alarm)
            finally:
                self._batch_begun_at = None
                # FastStream would go on behind these records: no gap is believed after a failure of
                # ours
                if not applied:
                    progress.next_expected.clear()

    async def _commit_offsets(self) -> None:
        mine = self.consumer.assignment()
        offsets = {tp: next for tp, next in self.progress.read.items() if tp in mine}
        if offsets:
            with contextlib.suppress(KafkaError, TimeoutError):
                async with asyncio.timeout(COMMIT_S):
                    await self.consumer.commit(offsets)

    def _stop_polling(self) -> None:
        if self._subscriber is not None:
            self._subscriber.running = False
