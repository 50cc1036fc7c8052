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
from kit.messaging import failures, measuring
from kit.messaging.attempt import Attempt, counts, place_of
from kit.messaging.batch import Batch
from kit.messaging.failures import Rewind, Stop, TooManyParked
from kit.messaging.reading import BatchReader, Client
from kit.messaging.records import Item, StampedRecord, decoded
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
            attempt = Attempt(
                self.reader, self.by_partition, self.items, careful=careful, given=suspects
            )
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

    def _committed(self, attempt: Attempt) -> None:
        batch = attempt.applied()
        if self.generation == self.reader.progress.assignment_generation:
            self._advance(batch)
        self.reader.limits.count(*counts(batch))
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
            position = batch.locked[place_of(self.reader, tp)]
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
