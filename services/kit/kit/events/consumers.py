"""Reads a group's topics: one FastStream subscriber for all of them, batches into transactions, every trap closed in one place.

What Kafka and FastStream do unasked is turned off: headers are not parsed (a null one would make a record vanish), nothing is
replied, nothing is acknowledged but by our own position, no topic is made, no partition is sought from a listener (records are
handed out while it runs).
"""

import asyncio
import contextlib
import logging
import random
import time
from collections.abc import Sequence
from typing import Any

from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.abc import ConsumerRebalanceListener
from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.errors import IllegalStateError, KafkaError
from faststream.kafka import KafkaBroker
from faststream.kafka.message import KafkaMessage
from faststream.middlewares import AckPolicy

from kit.events import failures, heard, positions, upkeep
from kit.events.batch import APPLIED, FOREIGN, PARKED, REPEATED, Archive, Batch
from kit.events.failures import Limits, RecordsLost, Rewind, Stop
from kit.events.records import Item, Place, decoded
from kit.observe import log, names
from kit.store import Contended, Store

_library = logging.getLogger("kit.events")

POLL_MS = 50  # FastStream sleeps it once more after an empty poll
SESSION_MS, HEARTBEAT_MS, REBALANCE_MS, SLOWEST_MS = 45_000, 5_000, 60_000, 300_000
BARRIER_S = 20  # a revoked partition waits so long for the batch under way; what comes later is harmless behind the fence
HINT_S = 1.0  # between two commits to Kafka, which only tools read
STUCK_S = 120  # a batch that takes longer is no progress
AGAIN = 5  # times a contended batch is tried at once
BACK_OFF_S = (0.1, 10.0)


class Consumers(ConsumerRebalanceListener):  # type: ignore[misc]
    """What one group reads, in one process; any number of processes may run the same group.

    archive: keeps the facts of a batch in the same transaction and returns the ids of those that are new; it is the inbox then, and
    also gets events that no function wants. batch: most records of one transaction. member: a name that lasts over restarts (of a
    stateful set), which spares the others a rebalance. session_ms: after this silence the group gives our partitions to others.
    """

    def __init__(
        self, group: str, *, archive: Archive | None = None, batch: int = 100, limits: Limits | None = None, member: str | None = None,
        session_ms: int = SESSION_MS, expires_s: float = upkeep.EXPIRES_S,
    ) -> None:
        self.group, self.archive, self.batch, self.limits = group, archive, batch, limits or Limits()
        self.member, self.session_ms, self.expires_s = member, session_ms, expires_s
        self.alarm: Stop | None = None
        self.cluster = ""
        self.stalled = False
        self.still: dict[TopicPartition, tuple[int, float]] = {}  # what is to be read and since when it is not
        self._opened = False
        self._stopped = asyncio.Event()
        self._tasks: list[asyncio.Task[None]] = []
        self._broker: KafkaBroker | None = None
        self._subscriber: Any = None
        self._turn = asyncio.Lock()  # held by the batch under way
        self._dealt = 0  # rises with each revocation and each assignment
        self._revoking = False
        self._follows: dict[TopicPartition, int] = {}  # where our last batch or seek left off, since the last deal
        self._known: set[Place] = set()
        self._begun: float | None = None  # when the batch under way began
        self._pauses: dict[TopicPartition, float] = {}
        self._read: dict[TopicPartition, int] = {}
        self._hinted = 0.0
        self._hint: asyncio.Task[None] | None = None
        self.bounds: dict[tuple[str, int], tuple[int, int]] = {}  # begin and end of each partition, as Kafka told them last

    @property
    def topics(self) -> list[str]:
        """All topics of the group."""
        return sorted({hearing.topic for hearing in heard(self.group).values()})

    @property
    def live(self) -> bool:
        """False where it has stopped, or where there is something to read and nothing is read; a neighbour's absence is no reason."""
        return self.alarm is None and not self.stalled and (self._begun is None or time.monotonic() - self._begun < STUCK_S)

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
        return bool(self._pauses)

    @property
    def consumer(self) -> AIOKafkaConsumer:
        return self._subscriber.consumer

    async def start(self, store: Store, kafka: str) -> None:
        """Begins reading in the background; while Kafka does not answer it keeps trying."""
        self.store, self.kafka = store, kafka
        if self.topics:
            self._tasks = [asyncio.create_task(self._open()), asyncio.create_task(upkeep.keep(self))]

    async def stop(self) -> None:
        """Ends after the batch under way; the last position is committed to Kafka as a hint."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        if self._subscriber is not None and self._subscriber.consumer is not None:
            self._subscriber.running = False
            async with self._turn:
                await self._commit_hint()
        if self._broker is not None:
            await self._broker.stop()
        self._stopped.set()

    async def wait(self) -> None:
        """Returns when it was stopped. Raises: Stop where it stopped itself, for the process to end non-zero."""
        await self._stopped.wait()
        if self.alarm is not None:
            raise self.alarm

    async def _open(self) -> None:
        pause = BACK_OFF_S[0]
        while True:
            try:
                self.cluster = await _cluster_of(self.kafka)
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
        broker = KafkaBroker(
            self.kafka.split(","), client_id=self.group, consumer_only=True, allow_auto_create_topics=False, apply_types=False,
            serializer=None, ack_policy=AckPolicy.MANUAL, parser=self._parse, decoder=_untouched, logger=_library, log_level=logging.DEBUG,
            metadata_max_age_ms=30_000, graceful_timeout=BARRIER_S,
        )
        self._subscriber = broker.subscriber(
            *self.topics, group_id=self.group, group_instance_id=self.member, batch=True, max_records=self.batch, batch_timeout_ms=POLL_MS,
            auto_offset_reset="earliest", ack_policy=AckPolicy.MANUAL, no_reply=True, listener=self, include_in_schema=False,
            session_timeout_ms=self.session_ms, heartbeat_interval_ms=min(HEARTBEAT_MS, self.session_ms // 3),
            rebalance_timeout_ms=REBALANCE_MS, max_poll_interval_ms=SLOWEST_MS, fetch_max_wait_ms=100,
        )
        self._subscriber(self._take)
        return broker

    async def _parse(self, records: Sequence[Any], _: Any) -> KafkaMessage:
        # runs right after the poll, before anything else can: the batch belongs to this deal of partitions
        return KafkaMessage(
            body=(self._dealt, records), headers={}, raw_message=tuple(records), message_id="", correlation_id="", consumer=self.consumer,
        )

    async def on_partitions_revoked(self, revoked: Any) -> None:
        """Waits for the batch under way, and takes no other one until partitions are dealt anew."""
        self._revoking = True
        self._dealt += 1
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(BARRIER_S):
                async with self._turn:
                    await self._commit_hint()

    async def on_partitions_assigned(self, assigned: Any) -> None:
        """Forgets where it was: the first batch of each partition is compared with its position."""
        self._dealt += 1
        self._revoking = False
        self._follows.clear()
        self._read.clear()
        names.REBALANCED.add(1, group=self.group)

    async def _take(self, body: tuple[int, Sequence[Any]]) -> None:
        dealt, records = body
        async with self._turn:
            if self._revoking or dealt != self._dealt or self.alarm is not None:
                return  # dealt anew: these partitions are read again from the hint
            self._begun = time.monotonic()
            try:
                await self._apply(dealt, records)
            except Stop as alarm:
                await self.give_up(alarm)
            finally:
                self._begun = None

    async def _apply(self, dealt: int, records: Sequence[Any]) -> None:
        by_partition: dict[TopicPartition, list[Any]] = {}
        for record in records:
            by_partition.setdefault(TopicPartition(record.topic, record.partition), []).append(record)
        items = [
            decoded(self.cluster, record, heard(self.group), archived=self.archive is not None)
            for group in by_partition.values() for record in group
        ]
        tries, careful = 0, False
        suspects: list[Item] = []
        while True:
            batch: Batch | None = None
            begun, inside = time.monotonic(), None
            try:
                await self._meet(by_partition)
                async with self.store.transaction() as session:
                    batch = Batch(session, self.group, archive=self.archive, careful=careful)
                    try:
                        await self._within(batch, by_partition, items, suspects)
                    except Exception as error:
                        inside = error
                        raise
            except Stop:
                raise
            except Rewind as rewind:  # nothing of the batch is applied: its other partitions are read again too
                self._seek({(tp.topic, tp.partition): group[0].offset for tp, group in by_partition.items()} | rewind.to)
                return
            except Exception as error:
                error = inside or error
                if isinstance(error, Stop | Rewind):
                    raise
                if _contended(error) and tries < AGAIN:
                    tries += 1
                    await asyncio.sleep(random.uniform(0.01, 0.05) * tries)
                elif failures.passing(error) or careful:
                    self._pause(by_partition, error)
                    return
                else:
                    careful = True
                    suspects = [batch.culprit] if batch is not None and batch.culprit is not None else []
                    names.BATCH_REPLAYED.add(1, group=self.group)
            else:
                self._after(dealt, by_partition, batch, time.monotonic() - begun)
                return

    async def _meet(self, by_partition: dict[TopicPartition, list[Any]]) -> None:
        """Sees to it that positions exist, and that a gap is not a loss."""
        new = [tp for tp in by_partition if Place(self.cluster, *tp) not in self._known]
        jumped = [tp for tp, group in by_partition.items() if tp in self._follows and group[0].offset > self._follows[tp]]
        if new or jumped:
            begins = await self.consumer.beginning_offsets([*new, *jumped])
            for tp in jumped:
                if begins[tp] > self._follows[tp]:
                    raise RecordsLost(f"{tp.topic} {tp.partition} begins at {begins[tp]}, and {self._follows[tp]} is not read yet")
            if new:
                async with self.store.transaction() as session:
                    places = {Place(self.cluster, *tp): begins[tp] for tp in sorted(new)}
                    await positions.ensure(await session.driver(), self.group, places)
                self._known |= places.keys()

    async def _within(
        self, batch: Batch, by_partition: dict[TopicPartition, list[Any]], items: Sequence[Item], suspects: Sequence[Item],
    ) -> None:
        await batch.lock(Place(self.cluster, *tp) for tp in by_partition)
        behind: dict[tuple[str, int], int] = {}
        for tp, group in by_partition.items():
            place = Place(self.cluster, *tp)
            position = batch.locked.get(place)
            if position is None:  # the database is another one than a moment ago
                self._known.discard(place)
                raise Rewind({})
            fresh = [record.offset for record in group if record.offset >= position.next]
            if not fresh:
                if (self.consumer.highwater(tp) or position.next) < position.next:
                    await upkeep.watch(self)
                continue
            if fresh[0] > position.next and self._follows.get(tp) != position.next:
                behind[tp.topic, tp.partition] = position.next
            tally = batch.tallies[place]
            tally.next = fresh[-1] + 1
            tally.gaps = tally.next - position.next - len(fresh)
        if behind:
            raise Rewind(behind)
        fresh_items = [item for item in items if item.record.offset >= batch.locked[item.place].next]
        if not fresh_items:
            return
        if batch.careful:
            await (await batch.session.driver()).execute("set constraints all immediate")
        await batch.read(fresh_items, suspects)
        await batch.move()
        parked, applied = _counts(batch)
        self.limits.check([tally.run for tally in batch.tallies.values() if tally.run is not None], parked, applied)

    def _after(self, dealt: int, by_partition: dict[TopicPartition, list[Any]], batch: Batch | None, took: float) -> None:
        assert batch is not None
        if dealt == self._dealt:
            ahead = {}
            for tp, group in by_partition.items():
                read = group[-1].offset + 1
                self._follows[tp] = self._read[tp] = read
                self._pauses.pop(tp, None)
                if (next := batch.locked[Place(self.cluster, *tp)].next) > read:
                    ahead[tp.topic, tp.partition] = next
            self._seek(ahead)
        self.limits.count(*_counts(batch))
        self._measure(batch, by_partition, took)
        if time.monotonic() - self._hinted > HINT_S and (self._hint is None or self._hint.done()):
            self._hinted = time.monotonic()
            self._hint = asyncio.create_task(self._commit_hint())

    def _seek(self, to: dict[tuple[str, int], int]) -> None:
        for (topic, partition), offset in to.items():
            tp = TopicPartition(topic, partition)
            with contextlib.suppress(IllegalStateError):  # taken from us meanwhile
                self.consumer.seek(tp, offset)
                self._follows[tp] = offset

    def _pause(self, by_partition: dict[TopicPartition, list[Any]], error: Exception) -> None:
        """Reads these records again later; polling goes on, so that the group does not take the partitions away."""
        wait = min(BACK_OFF_S[1], max(self._pauses.get(tp, BACK_OFF_S[0] / 2) for tp in by_partition) * 2)
        if failures.passing(error):
            log.warning("paused", group=self.group, wait_s=wait, error=type(error).__name__)
        else:
            log.error("paused", group=self.group, wait_s=wait, exc_info=error)
        for tp, group in by_partition.items():
            self._pauses[tp] = wait
            with contextlib.suppress(IllegalStateError):
                self.consumer.seek(tp, group[0].offset)
                self.consumer.pause(tp)
                asyncio.get_running_loop().call_later(wait * random.uniform(0.8, 1.2), self._resume, self.consumer, tp)

    @staticmethod
    def _resume(consumer: AIOKafkaConsumer, tp: TopicPartition) -> None:
        with contextlib.suppress(IllegalStateError):
            consumer.resume(tp)

    async def _commit_hint(self) -> None:
        offsets = {tp: next for tp, next in self._read.items() if tp in self.consumer.assignment()}
        if offsets:
            with contextlib.suppress(KafkaError, TimeoutError):
                async with asyncio.timeout(2):
                    await self.consumer.commit(offsets)

    async def give_up(self, alarm: Stop) -> None:
        """Stops reading for good, with an alarm."""
        if self.alarm is None:
            self.alarm = alarm
            log.error("the group has stopped", group=self.group, alarm=type(alarm).__name__, text=str(alarm))
            if self._subscriber is not None:
                self._subscriber.running = False
            self._stopped.set()

    def _measure(self, batch: Batch, by_partition: dict[TopicPartition, list[Any]], took: float) -> None:
        names.BATCH_DURATION.record(took, group=self.group)
        for place, tally in batch.tallies.items():
            told = {"group": self.group, "topic": place.topic}
            for metric, count in ((names.APPLIED, tally.applied), (names.REPEATED, tally.repeated), (names.FOREIGN, tally.foreign_)):
                if count > 0:
                    metric.add(count, **told)
        for fate in batch.written:
            if fate.name == PARKED:
                names.PARKED.add(1, group=self.group, topic=fate.item.record.topic, reason=fate.why[0])
        for tp, group in by_partition.items():
            names.FRESHNESS.record(max(0.0, time.time() - group[0].timestamp / 1000), group=self.group, topic=tp.topic)


def _counts(batch: Batch) -> tuple[int, int]:
    fresh = [fate.name for fate in batch.written if fate.item.stored is None]
    return fresh.count(PARKED), sum(fresh.count(name) for name in (APPLIED, REPEATED, FOREIGN))


def _contended(error: Exception) -> bool:
    if isinstance(error, Contended):
        return True
    return any(getattr(link, "sqlstate", None) in ("40P01", "40001", "55P03") for link in failures.causes(error))


async def _untouched(message: KafkaMessage) -> Any:
    return message.body


async def _cluster_of(kafka: str) -> str:
    admin = AIOKafkaAdminClient(bootstrap_servers=kafka.split(","))
    try:
        await admin.start()
        told = await admin.describe_cluster()
        return str(told["cluster_id"])
    finally:
        await admin.close()
