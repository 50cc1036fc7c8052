"""One transaction of polled records: the fence, the batch, the limits."""

import time
from collections.abc import Mapping, Sequence
from typing import TypeAlias

from aiokafka import TopicPartition

from kit.messaging import parked, upkeep
from kit.messaging.batch import Batch
from kit.messaging.disposition import APPLIED, IGNORED, PARKED, REPEATED
from kit.messaging.failures import RecordsLost, Rewind
from kit.messaging.positions import Locked
from kit.messaging.reading import BatchReader, Group
from kit.messaging.records import ClusterPartition, Item, StampedRecord, type_of

ByPartition: TypeAlias = Mapping[TopicPartition, Sequence[StampedRecord]]


def place_of(group: Group, tp: TopicPartition) -> ClusterPartition:
    """The partition within the group's cluster."""
    return ClusterPartition(group.cluster, tp.topic, tp.partition)


class Attempt:
    """One transaction of polled records.

    careful: the whole has failed before. given: of them the ones to apply alone. inside: what the
    work raised, which the end of the transaction may have covered.
    """

    def __init__(
        self,
        reader: BatchReader,
        by_partition: ByPartition,
        items: Sequence[Item],
        *,
        careful: bool,
        given: Sequence[Item],
    ) -> None:
        self.reader, self.by_partition, self.items = reader, by_partition, items
        self.careful, self.given = careful, given
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
        progress, by_partition = self.reader.progress, self.by_partition
        expected = progress.next_expected
        new = [tp for tp in by_partition if place_of(self.reader, tp) not in progress.known]
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
        by_partition = self.by_partition
        await batch.lock(place_of(self.reader, tp) for tp in by_partition)
        behind: dict[tuple[str, int], int] = {}
        for tp in by_partition:
            position = self._position(batch, tp)
            if not await self._fits(batch, tp, position):
                behind[tp.topic, tp.partition] = position.next
        if behind:
            raise Rewind(behind)
        items = self.items
        fresh = [item for item in items if item.record.offset >= batch.locked[item.place].next]
        if fresh:
            await self._apply(batch, fresh)

    def _position(self, batch: Batch, tp: TopicPartition) -> Locked:
        place = place_of(self.reader, tp)
        position = batch.locked.get(place)
        if position is None:  # the database is another one than a moment ago
            self.reader.progress.known.discard(place)
            raise Rewind({})
        return position

    async def _fits(self, batch: Batch, tp: TopicPartition, position: Locked) -> bool:
        """Whether the records of a partition begin where its position is, or follow our own last
        batch; then the position moves behind them.
        """
        records = self.by_partition[tp]
        fresh = [record.offset for record in records if record.offset >= position.next]
        if not fresh:
            end = self.reader.consumer.highwater(tp) or position.next
            if end < position.next:
                await upkeep.compare(self.reader)
            return True
        tally = batch.tallies[place_of(self.reader, tp)]
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
        limits.check(runs, in_runs, *counts(batch), reasons[-1] if reasons else "")


def counts(batch: Batch) -> tuple[list[str], int]:
    """The types of what was parked, and how many records got through, of those read just now."""
    fresh = [one for one in batch.written if one.item.stored is None]
    kinds = [type_of(one.item.record.headers) for one in fresh if one.name == PARKED]
    return kinds, sum(one.name in (APPLIED, REPEATED, IGNORED) for one in fresh)
