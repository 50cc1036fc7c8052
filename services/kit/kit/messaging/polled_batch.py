"""One polled batch: its transaction, tried until it stands, rests or stops the group."""

import asyncio
import contextlib
import random
import time
from collections.abc import Sequence

import asyncpg
from aiokafka import TopicPartition
from aiokafka.errors import IllegalStateError

from kit.db.store import Contended
from kit.messaging import failures, measuring, parked, upkeep
from kit.messaging.batch import Batch
from kit.messaging.disposition import APPLIED, IGNORED, PARKED, REPEATED
from kit.messaging.failures import RecordsLost, Rewind, Stop, TooManyParked
from kit.messaging.positions import Locked
from kit.messaging.reading import BatchReader, Client
from kit.messaging.records import ClusterPartition, Item, StampedRecord, decoded, type_of
from kit.messaging.subscriptions import subscriptions_of
from kit.observability import names
from kit.observability.logs import log

CONTENDED_TRIES = 5  # times a contended batch is tried at once
BACK_OFF_S = (0.1, 10.0)
_CONTENDED_STATES = ("40P01", "40001", "55P03")


class PolledBatch:
    """The records of one poll. generation: the assignment of partitions it was polled under."""

    def __init__(
        self, reader: BatchReader, generation: int, records: Sequence[StampedRecord]
    ) -> None:
        self.reader, self.generation = reader, generation
        self.by_partition: dict[TopicPartition, list[StampedRecord]] = {}
        for record in records:
            tp = TopicPartition(record.topic, record.partition)
            self.by_partition.setdefault(tp, []).append(record)
        subscribed = subscriptions_of(reader.group)
        archived = reader.archive is not None
        self.items = [
            decoded(reader.cluster, record, subscribed, archived=archived)
            for of_partition in self.by_partition.values()
            for record in of_partition
        ]
        self.begins = {tp: records[0].offset for tp, records in self.by_partition.items()}
        # where to read on, of what was taken out of the batch
        self.left_out: dict[tuple[str, int], int] = {}

    async def run(self) -> None:
        """Applies the records, or sees to it that they are read again. Raises: Stop."""
        tries, careful = 0, False
        suspects: list[Item] = []
        while True:
            attempt = _Attempt(self, careful, suspects)
            try:
                await attempt.run()
            except TooManyParked:
                if len(self.items) == 1:
                    raise
                # what may be parked is, so that each `resume` gets on and the status tells how many
                # there are
                self._halve()
                careful, suspects = True, []
            except Stop:
                raise
            except Rewind as rewind:
                self._reread(rewind)
                return
            except Exception as error:
                error = attempt.inside or error
                if isinstance(error, Stop | Rewind):
                    raise
                if _is_contended(error) and tries < CONTENDED_TRIES:
                    tries += 1
                    await asyncio.sleep(random.uniform(0.01, 0.05) * tries)
                elif failures.passing(error) or careful:
                    self._pause(error)
                    return
                else:
                    careful, suspects = True, attempt.suspects()
                    names.BATCH_REPLAYED.add(1, group=self.reader.group)
            else:
                self._committed(attempt)
                return

    def place(self, tp: TopicPartition) -> ClusterPartition:
        """The partition within this cluster."""
        return ClusterPartition(self.reader.cluster, tp.topic, tp.partition)

    def _reread(self, rewind: Rewind) -> None:
        # nothing of the batch is applied: its other partitions are read again too
        begins = {(tp.topic, tp.partition): offset for tp, offset in self.begins.items()}
        self.reader.seek(begins | rewind.to)

    def _halve(self) -> None:
        """Takes the second half of the records out of the batch; they are read again after it."""
        middle = len(self.items) // 2
        out = self.items[middle:]
        self.items = self.items[:middle]
        for item in reversed(out):
            self.left_out[item.record.topic, item.record.partition] = item.record.offset
        kept: dict[TopicPartition, list[StampedRecord]] = {}
        for tp, records in self.by_partition.items():
            end = self.left_out.get((tp.topic, tp.partition))
            within = [record for record in records if end is None or record.offset < end]
            if within:
                kept[tp] = within
            else:
                # nothing of it is read: what lies before its first record is still a gap
                expected = self.reader.progress.next_expected.get(tp, records[0].offset)
                self.left_out[tp.topic, tp.partition] = expected
        self.by_partition = kept

    def _committed(self, attempt: "_Attempt") -> None:
        batch = attempt.applied()
        if self.generation == self.reader.progress.assignment_generation:
            self._advance(batch)
        self.reader.limits.count(*_counts(batch))
        self._measure(batch, time.monotonic() - attempt.begun)
        self.reader.commit_offsets()

    def _advance(self, batch: Batch) -> None:
        """Notes where the next batch begins; where the database is ahead, reads on from there."""
        progress = self.reader.progress
        ahead = {}
        for tp, of_partition in self.by_partition.items():
            read = of_partition[-1].offset + 1
            progress.next_expected[tp] = progress.read[tp] = read
            progress.pauses.pop(tp, None)
            position = batch.locked[self.place(tp)]
            if position.next > read:
                ahead[tp.topic, tp.partition] = position.next
        self.reader.seek(self.left_out | ahead)

    def _pause(self, error: Exception) -> None:
        """Reads these records again later; polling goes on, so that the group does not take the
        partitions away.
        """
        pauses = self.reader.progress.pauses
        longest = max(pauses.get(tp, BACK_OFF_S[0] / 2) for tp in self.begins)
        wait_s = min(BACK_OFF_S[1], longest * 2)
        group = self.reader.group
        if failures.passing(error):
            log.warning("paused", group=group, wait_s=wait_s, error=type(error).__name__)
        else:
            log.error("paused", group=group, wait_s=wait_s, exc_info=error)
        consumer, loop = self.reader.consumer, asyncio.get_running_loop()
        for tp, offset in self.begins.items():
            # a partition that was taken from us meanwhile does not rest with us
            with contextlib.suppress(IllegalStateError):
                consumer.seek(tp, offset)
                consumer.pause(tp)
                pauses[tp] = wait_s
                loop.call_later(wait_s * random.uniform(0.8, 1.2), _resume, consumer, tp)

    def _measure(self, batch: Batch, took_s: float) -> None:
        group = self.reader.group
        names.BATCH_DURATION.record(took_s, group=group)
        for place, tally in batch.tallies.items():
            for metric, count in (
                (names.APPLIED, tally.applied),
                (names.REPEATED, tally.repeated),
                (names.FOREIGN, tally.ignored),
            ):
                if count > 0:
                    metric.add(count, group=group, topic=place.topic)
        measuring.count_parked(group, batch.written)
        for tp, of_partition in self.by_partition.items():
            # all of them count as late as the first
            age_s = max(0.0, time.time() - of_partition[0].timestamp / 1000)
            names.FRESHNESS.record(age_s, len(of_partition), group=group, topic=tp.topic)
            self.reader.progress.fresh_at[tp] = of_partition[-1].timestamp / 1000


class _Attempt:
    """One transaction of a polled batch.

    careful: the whole has failed before. suspects: records to apply alone. inside: what the work
    raised, which the end of the transaction may have covered.
    """

    def __init__(self, polled: PolledBatch, careful: bool, suspects: Sequence[Item]) -> None:
        self.polled, self.reader = polled, polled.reader
        self.careful, self.given = careful, suspects
        self.begun = time.monotonic()
        self.batch: Batch | None = None
        self.inside: Exception | None = None

    async def run(self) -> None:
        """Applies the batch and commits. Raises: Stop, Rewind, and whatever a handler raises."""
        await self._meet()
        async with self.reader.store.transaction() as session:
            reader = self.reader
            batch = Batch(session, reader.group, archive=reader.archive, careful=self.careful)
            self.batch = batch
            try:
                await self._within(batch)
            except Exception as error:
                self.inside = error
                raise

    def applied(self) -> Batch:
        """The batch of an attempt that has committed."""
        assert self.batch is not None
        return self.batch

    def suspects(self) -> list[Item]:
        """At whose handler it failed, where that is known."""
        if self.batch is None or self.batch.culprit is None:
            return []
        return [self.batch.culprit]

    async def _meet(self) -> None:
        """Sees to it that positions exist, and that a gap is not a loss."""
        progress, by_partition = self.reader.progress, self.polled.by_partition
        expected = progress.next_expected
        new = [tp for tp in by_partition if self.polled.place(tp) not in progress.known]
        jumped = [
            tp
            for tp, records in by_partition.items()
            if tp in expected and records[0].offset > expected[tp]
        ]
        if not new and not jumped:
            return
        begins = await self.reader.consumer.beginning_offsets([*new, *jumped])
        for tp in jumped:
            if begins[tp] > expected[tp]:
                raise RecordsLost(
                    f"{tp.topic} {tp.partition} begins at {begins[tp]}, and {expected[tp]} "
                    "is not read yet"
                )
        if new:
            await upkeep.make_positions(self.reader, {tp: begins[tp] for tp in new})

    async def _within(self, batch: Batch) -> None:
        by_partition = self.polled.by_partition
        await batch.lock(self.polled.place(tp) for tp in by_partition)
        behind: dict[tuple[str, int], int] = {}
        for tp in by_partition:
            position = self._position(batch, tp)
            if not await self._fits(batch, tp, position):
                behind[tp.topic, tp.partition] = position.next
        if behind:
            raise Rewind(behind)
        items = self.polled.items
        fresh = [item for item in items if item.record.offset >= batch.locked[item.place].next]
        if fresh:
            await self._apply(batch, fresh)

    def _position(self, batch: Batch, tp: TopicPartition) -> Locked:
        place = self.polled.place(tp)
        position = batch.locked.get(place)
        if position is None:  # the database is another one than a moment ago
            self.reader.progress.known.discard(place)
            raise Rewind({})
        return position

    async def _fits(self, batch: Batch, tp: TopicPartition, position: Locked) -> bool:
        """Whether the records of a partition begin where its position is, or follow our own last
        batch; then the position moves behind them.
        """
        records = self.polled.by_partition[tp]
        fresh = [record.offset for record in records if record.offset >= position.next]
        if not fresh:
            end = self.reader.consumer.highwater(tp) or position.next
            if end < position.next:
                await upkeep.compare(self.reader)
            return True
        tally = batch.tallies[self.polled.place(tp)]
        tally.next = fresh[-1] + 1
        tally.gaps = tally.next - position.next - len(fresh)
        expected = self.reader.progress.next_expected.get(tp)
        return fresh[0] <= position.next or expected == position.next

    async def _apply(self, batch: Batch, fresh: Sequence[Item]) -> None:
        if batch.careful:
            await (await batch.session.driver()).execute("set constraints all immediate")
        await batch.read(fresh, self.given)
        await batch.move()
        reasons = [": ".join(one.why) for one in batch.written if one.name == PARKED]
        runs = [tally.run for tally in batch.tallies.values() if tally.run is not None]
        limits = self.reader.limits
        in_runs: set[str] = set()
        if max(runs, default=0) > limits.run:
            driver = await batch.session.driver()
            in_runs = await parked.types_in_runs(driver, self.reader.group, limits.run)
        limits.check(runs, in_runs, *_counts(batch), reasons[-1] if reasons else "")


def _counts(batch: Batch) -> tuple[list[str], int]:
    """The types of what was parked, and how many records got through, of those read just now."""
    fresh = [one for one in batch.written if one.item.stored is None]
    kinds = [type_of(one.item.record.headers) for one in fresh if one.name == PARKED]
    return kinds, sum(one.name in (APPLIED, REPEATED, IGNORED) for one in fresh)


def _is_contended(error: Exception) -> bool:
    if isinstance(error, Contended):
        return True
    return any(
        isinstance(link, asyncpg.InvalidCachedStatementError)
        or getattr(link, "sqlstate", None) in _CONTENDED_STATES
        for link in failures.causes(error)
    )


def _resume(consumer: Client, tp: TopicPartition) -> None:
    with contextlib.suppress(IllegalStateError):
        consumer.resume(tp)
