"""Reads a group's topics: one FastStream subscriber for all of them, batches into transactions,
every trap closed in one place.

What Kafka and FastStream do unasked is turned off: headers are not parsed (a null one would make a
record vanish), nothing is replied, nothing is acknowledged but by our own position, no topic is
made, no partition is sought from a listener (records are handed out while it runs).
"""

import asyncio
import contextlib
import logging
import time
from collections.abc import Awaitable, Callable, Sequence
from functools import partial
from typing import Any

from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.abc import ConsumerRebalanceListener
from aiokafka.errors import IllegalStateError, KafkaError
from faststream.kafka import KafkaBroker
from faststream.kafka.message import KafkaMessage
from faststream.middlewares import AckPolicy

from kit.db.store import Store
from kit.messaging import measuring, upkeep
from kit.messaging.batch import Archive
from kit.messaging.bootstrap import Bootstrap
from kit.messaging.bounds import Brokers
from kit.messaging.clusters import cluster_of
from kit.messaging.failures import STOPPED, Limits, Stop
from kit.messaging.polled_batch import BACK_OFF_S, PolledBatch
from kit.messaging.records import ClusterPartition
from kit.messaging.subscriptions import subscriptions_of
from kit.observability import names
from kit.observability.logs import log

_library = logging.getLogger("kit.messaging.subscriptions")

POLL_MS = 50  # FastStream sleeps it once more after an empty poll
SESSION_MS, HEARTBEAT_MS, REBALANCE_MS, SLOWEST_MS = 45_000, 5_000, 60_000, 300_000
STOP_S, GRACE_S = (
    10,
    1.0,
)  # a drain waits so long for the batch under way, and then for the client to let go of it
# a revoked partition waits so long for the batch under way; what comes later is harmless behind the
# fence
BARRIER_S = 20
HINT_S = 1.0  # between two commits to Kafka, which only tools read
_OF_CONNECTION = {
    "connections_max_idle_ms",
    "metadata_max_age_ms",
    "retry_backoff_ms",
}  # FastStream takes these for a broker as a whole
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
        batch: int = 100,
        limits: Limits | None = None,
        member: str | None = None,
        session_ms: int = SESSION_MS,
        expires_s: float = upkeep.EXPIRES_S,
    ) -> None:
        self.group, self.archive, self.batch, self.limits = (
            group,
            archive,
            batch,
            limits or Limits(),
        )
        self.member, self.session_ms, self.expires_s = member, session_ms, expires_s
        self.stop_s, self.stalled_s = STOP_S, upkeep.STALLED_S
        self.alarm: Stop | None = None
        self.cluster = ""
        self.stalled = False
        self.still: dict[
            TopicPartition, tuple[int, float]
        ] = {}  # what is to be read and since when it is not
        self._opened = False
        self._stopped = asyncio.Event()
        self._tasks: list[asyncio.Task[None]] = []
        self._broker: KafkaBroker | None = None
        self._subscriber: Any = None
        self.turn = asyncio.Lock()  # held by the batch under way
        # rises with each revocation, each assignment and each `reread`: batches polled before are
        # dropped
        self.dealt = 0
        self._revoking = False
        self.follows: dict[
            TopicPartition, int
        ] = {}  # where our last batch or seek left off, since the last deal
        self.known: set[ClusterPartition] = set()
        self._begun: float | None = None  # when the batch under way began
        self.pauses: dict[TopicPartition, float] = {}
        self.read: dict[TopicPartition, int] = {}
        self.fresh: dict[
            TopicPartition, float
        ] = {}  # Unix time of the last applied record, or of the last look at which there was no more
        self._hinted = 0.0
        self._hint: asyncio.Task[None] | None = None
        self.bounds: dict[
            tuple[str, int], tuple[int, int]
        ] = {}  # begin and end of each partition, as Kafka told them last

    @property
    def topics(self) -> list[str]:
        """All topics of the group."""
        return sorted({hearing.topic for hearing in subscriptions_of(self.group).values()})

    @property
    def live(self) -> bool:
        """False where it has stopped, or where there is something to read and nothing is read; a
        neighbour's absence is no reason.
        """
        return (
            self.alarm is None
            and not self.stalled
            and (self._begun is None or time.monotonic() - self._begun < STUCK_S)
        )

    @property
    def joined(self) -> bool:
        """Whether it has reached Kafka and stands in its group."""
        return self._opened and self._subscriber.consumer is not None

    @property
    def ready(self) -> bool:
        """Whether it reads; a group that hears nothing always does."""
        return self.joined or not self.topics

    @property
    def paused(self) -> bool:
        """Whether a partition rests, because the database or a neighbour is away."""
        return bool(self.pauses)

    @property
    def consumer(self) -> AIOKafkaConsumer:
        return self._subscriber.consumer

    async def start(self, store: Store, kafka: str | Bootstrap) -> None:
        """Begins reading in the background; while Kafka does not answer it keeps trying."""
        self.store, self.kafka = store, Bootstrap.of(kafka)
        self.brokers = Brokers(self.kafka)
        if self.topics:
            measuring.begin_counting(self.group, self.topics)
            self._tasks = [
                asyncio.create_task(self._open()),
                asyncio.create_task(upkeep.keep(self)),
            ]

    async def stop(self) -> None:
        """Ends after the batch under way, which is cut off where it takes too long; the last
        position is committed to Kafka as a hint.
        """
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        if self._subscriber is not None and self._subscriber.consumer is not None:
            self._subscriber.running = False
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(self.stop_s), self.turn:
                    await self._commit_hint()
        if self._hint is not None:
            await asyncio.gather(self._hint, return_exceptions=True)
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

    async def _open(self) -> None:
        pause = BACK_OFF_S[0]
        while True:
            try:
                self.cluster = await cluster_of(self.kafka)
                self._broker = self._made()
                await self._broker.start()
                self._opened = True
                return
            except (KafkaError, OSError) as error:
                log.warning("kafka does not answer", group=self.group, error=type(error).__name__)
                if self._broker is not None:
                    await self._broker.stop()
            await asyncio.sleep(pause)
            pause = min(2 * pause, BACK_OFF_S[1])

    def _made(self) -> KafkaBroker:
        tuned = self.kafka.tuned(
            "read",
            metadata_max_age_ms=30_000,
            max_poll_interval_ms=SLOWEST_MS,
            fetch_max_wait_ms=100,
        )
        connection = {name: tuned.pop(name) for name in _OF_CONNECTION & tuned.keys()}
        broker = KafkaBroker(
            self.kafka.servers,
            security=self.kafka.faststream(),
            client_id=self.group,
            consumer_only=True,
            allow_auto_create_topics=False,
            apply_types=False,
            serializer=None,
            ack_policy=AckPolicy.MANUAL,
            parser=self._parse,
            decoder=_untouched,
            logger=_library,
            log_level=logging.DEBUG,
            graceful_timeout=GRACE_S,
            **connection,
        )
        self._subscriber = broker.subscriber(
            *self.topics,
            group_id=self.group,
            group_instance_id=self.member,
            batch=True,
            max_records=self.batch,
            batch_timeout_ms=POLL_MS,
            auto_offset_reset="earliest",
            ack_policy=AckPolicy.MANUAL,
            no_reply=True,
            listener=self,
            include_in_schema=False,
            session_timeout_ms=self.session_ms,
            heartbeat_interval_ms=min(HEARTBEAT_MS, self.session_ms // 3),
            rebalance_timeout_ms=REBALANCE_MS,
            **tuned,
        )
        self._subscriber(self._take)
        self._subscriber.get_msg = partial(self._polled, self._subscriber.get_msg)
        return broker

    async def _polled(
        self, poll: Callable[[AIOKafkaConsumer], Awaitable[Any]], consumer: AIOKafkaConsumer
    ) -> Any:
        """A poll that fails may have drained other partitions, whose positions have moved: no gap
        is believed after it.
        """
        try:
            return await poll(consumer)
        except BaseException:
            self.follows.clear()
            raise

    async def _parse(self, records: Sequence[Any], _: Any) -> KafkaMessage:
        # runs right after the poll, before anything else can: the batch belongs to this deal of
        # partitions
        return KafkaMessage(
            body=(self.dealt, records),
            headers={},
            raw_message=tuple(records),
            message_id="",
            correlation_id="",
            consumer=self.consumer,
        )

    async def on_partitions_revoked(self, revoked: Any) -> None:
        """Waits for the batch under way, and takes no other one until partitions are dealt anew."""
        self._revoking = True
        self.dealt += 1
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(BARRIER_S), self.turn:
                await self._commit_hint()

    async def on_partitions_assigned(self, assigned: Any) -> None:
        """Forgets where it was: the first batch of each partition is compared with its position."""
        self.dealt += 1
        self._revoking = False
        self.follows.clear()
        self.pauses.clear()
        self.read.clear()
        self.fresh.clear()
        names.REBALANCED.add(1, group=self.group)

    async def _take(self, body: tuple[int, Sequence[Any]]) -> None:
        dealt, records = body
        async with self.turn:
            if self._revoking or dealt != self.dealt or self.alarm is not None:
                return  # dealt anew: these partitions are read again from the hint
            self._begun = time.monotonic()
            done = False
            try:
                await PolledBatch(self, dealt, records).run()
                done = True
            except Stop as alarm:
                await self.give_up(alarm)
            finally:
                self._begun = None
                # FastStream would go on behind these records: no gap is believed after a failure of
                # ours
                if not done:
                    self.follows.clear()

    def seek(self, to: dict[tuple[str, int], int]) -> None:
        """Reads on from these offsets; only the loop's own task may say so."""
        for (topic, partition), offset in to.items():
            tp = TopicPartition(topic, partition)
            with contextlib.suppress(IllegalStateError):  # taken from us meanwhile
                self.consumer.seek(tp, offset)
                self.follows[tp] = offset

    def reread(self, to: dict[tuple[str, int], int]) -> None:
        """Reads on from these offsets although a batch may be polled already; its turn must not be
        under way.

        That batch is dropped, so its other partitions go back to where they were: what it held is
        no gap.
        """
        back = {(tp.topic, tp.partition): offset for tp, offset in self.follows.items()} | to
        self.dealt += 1
        self.follows.clear()
        self.seek(back)

    def hint(self) -> None:
        """Tells Kafka now and then how far we are, for tools that measure lag."""
        if time.monotonic() - self._hinted > HINT_S and (self._hint is None or self._hint.done()):
            self._hinted = time.monotonic()
            self._hint = asyncio.create_task(self._commit_hint())

    async def _commit_hint(self) -> None:
        offsets = {tp: next for tp, next in self.read.items() if tp in self.consumer.assignment()}
        if offsets:
            with contextlib.suppress(KafkaError, TimeoutError):
                async with asyncio.timeout(2):
                    await self.consumer.commit(offsets)

    async def give_up(self, alarm: Stop) -> None:
        """Stops reading for good, with an alarm."""
        if self.alarm is None:
            self.alarm = alarm
            log.error(STOPPED, group=self.group, alarm=type(alarm).__name__, text=str(alarm))
            if self._subscriber is not None:
                self._subscriber.running = False
            self._stopped.set()


async def _untouched(message: KafkaMessage) -> Any:
    return message.body
