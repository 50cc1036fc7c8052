"""One polled batch: its transaction, tried until it stands, rests or stops the group."""

import asyncio
import contextlib
import random
import time
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import asyncpg
from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.errors import IllegalStateError

from kit.db.store import Contended
from kit.messaging import failures, measuring, parking, upkeep
from kit.messaging.batch import APPLIED, FOREIGN, PARKED, REPEATED, Batch
from kit.messaging.failures import RecordsLost, Rewind, Stop, TooManyParked
from kit.messaging.records import ClusterPartition, Item, decoded, type_of
from kit.messaging.subscriptions import subscriptions_of
from kit.observability import names
from kit.observability.logs import log

if TYPE_CHECKING:
    from kit.messaging.consumers import Consumers

AGAIN = 5  # times a contended batch is tried at once
BACK_OFF_S = (0.1, 10.0)


class PolledBatch:
    """The records of one poll. dealt: the deal of partitions it was polled under."""

    def __init__(self, consumers: "Consumers", dealt: int, records: Sequence[Any]) -> None:
        self.consumers, self.dealt = consumers, dealt
        self.by_partition: dict[TopicPartition, list[Any]] = {}
        for record in records:
            self.by_partition.setdefault(TopicPartition(record.topic, record.partition), []).append(
                record
            )
        kinds, archived = subscriptions_of(consumers.group), consumers.archive is not None
        self.items = [
            decoded(consumers.cluster, record, kinds, archived=archived)
            for group in self.by_partition.values()
            for record in group
        ]
        self.first = {tp: group[0].offset for tp, group in self.by_partition.items()}
        self.left: dict[
            tuple[str, int], int
        ] = {}  # where to read on, of what was taken out of the batch

    async def run(self) -> None:
        """Applies them, or sees to it that they are read again. Raises: Stop."""
        tries, careful = 0, False
        suspects: list[Item] = []
        while True:
            batch: Batch | None = None
            begun, inside = time.monotonic(), None
            try:
                await self._meet()
                async with self.consumers.store.transaction() as session:
                    batch = Batch(
                        session,
                        self.consumers.group,
                        archive=self.consumers.archive,
                        careful=careful,
                    )
                    try:
                        await self._within(batch, suspects)
                    except Exception as error:
                        inside = error
                        raise
            except TooManyParked:
                if len(self.items) == 1:
                    raise
                # what may be parked is, so that each `resume` gets on and the status tells how many
                # there are
                self._halve()
                careful, suspects = True, []
            except Stop:
                raise
            except (
                Rewind
            ) as rewind:  # nothing of the batch is applied: its other partitions are read again too
                self.consumers.seek(self.first | rewind.to)
                return
            except Exception as error:
                error = inside or error
                if isinstance(error, Stop | Rewind):
                    raise
                if _contended(error) and tries < AGAIN:
                    tries += 1
                    await asyncio.sleep(random.uniform(0.01, 0.05) * tries)
                elif failures.passing(error) or careful:
                    self._pause(error)
                    return
                else:
                    careful = True
                    suspects = (
                        [batch.culprit] if batch is not None and batch.culprit is not None else []
                    )
                    names.BATCH_REPLAYED.add(1, group=self.consumers.group)
            else:
                self._after(batch, time.monotonic() - begun)
                return

    async def _meet(self) -> None:
        """Sees to it that positions exist, and that a gap is not a loss."""
        known, follows = self.consumers.known, self.consumers.follows
        new = [
            tp
            for tp in self.by_partition
            if ClusterPartition(self.consumers.cluster, *tp) not in known
        ]
        jumped = [
            tp
            for tp, group in self.by_partition.items()
            if tp in follows and group[0].offset > follows[tp]
        ]
        if not new and not jumped:
            return
        begins = await self.consumers.consumer.beginning_offsets([*new, *jumped])
        for tp in jumped:
            if begins[tp] > follows[tp]:
                raise RecordsLost(
                    f"{tp.topic} {tp.partition} begins at {begins[tp]}, and {follows[tp]} "
                    "is not read yet"
                )
        if new:
            await upkeep.make_positions(self.consumers, {tp: begins[tp] for tp in new})

    async def _within(self, batch: Batch, suspects: Sequence[Item]) -> None:
        await batch.lock(ClusterPartition(self.consumers.cluster, *tp) for tp in self.by_partition)
        behind: dict[tuple[str, int], int] = {}
        for tp, group in self.by_partition.items():
            place = ClusterPartition(self.consumers.cluster, *tp)
            position = batch.locked.get(place)
            if position is None:  # the database is another one than a moment ago
                self.consumers.known.discard(place)
                raise Rewind({})
            fresh = [record.offset for record in group if record.offset >= position.next]
            if not fresh:
                if (self.consumers.consumer.highwater(tp) or position.next) < position.next:
                    await upkeep.compare(self.consumers)
                continue
            if fresh[0] > position.next and self.consumers.follows.get(tp) != position.next:
                behind[tp.topic, tp.partition] = position.next
            tally = batch.tallies[place]
            tally.next = fresh[-1] + 1
            tally.gaps = tally.next - position.next - len(fresh)
        if behind:
            raise Rewind(behind)
        fresh_items = [
            item for item in self.items if item.record.offset >= batch.locked[item.place].next
        ]
        if not fresh_items:
            return
        if batch.careful:
            await (await batch.session.driver()).execute("set constraints all immediate")
        await batch.read(fresh_items, suspects)
        await batch.move()
        parked, applied = _counts(batch)
        why = next(
            (": ".join(fate.why) for fate in reversed(batch.written) if fate.name == PARKED), ""
        )
        limits, runs = (
            self.consumers.limits,
            [tally.run for tally in batch.tallies.values() if tally.run is not None],
        )
        beyond = max(runs, default=0) > limits.run
        in_runs = (
            await parking.types_in_runs(
                await batch.session.driver(), self.consumers.group, limits.run
            )
            if beyond
            else ()
        )
        limits.check(runs, in_runs, parked, applied, why)

    def _halve(self) -> None:
        """Takes the second half of the records out of the batch; they are read again after it."""
        kept, out = self.items[: len(self.items) // 2], self.items[len(self.items) // 2 :]
        for item in reversed(out):
            self.left[item.record.topic, item.record.partition] = item.record.offset
        self.items = kept
        groups: dict[TopicPartition, list[Any]] = {}
        for item in kept:
            groups.setdefault(TopicPartition(item.record.topic, item.record.partition), []).append(
                item.record
            )
        for tp in (
            self.by_partition.keys() - groups.keys()
        ):  # nothing of it is read: what lies before its first record is still a gap
            self.left[tp.topic, tp.partition] = self.consumers.follows.get(
                tp, self.by_partition[tp][0].offset
            )
        self.by_partition = groups

    def _after(self, batch: Batch | None, took: float) -> None:
        assert batch is not None
        if self.dealt == self.consumers.dealt:
            ahead = {}
            for tp, group in self.by_partition.items():
                read = group[-1].offset + 1
                self.consumers.follows[tp] = self.consumers.read[tp] = read
                self.consumers.pauses.pop(tp, None)
                if (
                    next := batch.locked[ClusterPartition(self.consumers.cluster, *tp)].next
                ) > read:
                    ahead[tp.topic, tp.partition] = next
            self.consumers.seek(self.left | ahead)
        self.consumers.limits.count(*_counts(batch))
        self._measure(batch, took)
        self.consumers.hint()

    def _pause(self, error: Exception) -> None:
        """Reads these records again later; polling goes on, so that the group does not take the
        partitions away.
        """
        wait = min(
            BACK_OFF_S[1],
            max(self.consumers.pauses.get(tp, BACK_OFF_S[0] / 2) for tp in self.first) * 2,
        )
        if failures.passing(error):
            log.warning(
                "paused", group=self.consumers.group, wait_s=wait, error=type(error).__name__
            )
        else:
            log.error("paused", group=self.consumers.group, wait_s=wait, exc_info=error)
        for tp, offset in self.first.items():
            with contextlib.suppress(
                IllegalStateError
            ):  # taken from us meanwhile: it rests no more with us
                self.consumers.consumer.seek(tp, offset)
                self.consumers.consumer.pause(tp)
                self.consumers.pauses[tp] = wait
                asyncio.get_running_loop().call_later(
                    wait * random.uniform(0.8, 1.2), _resume, self.consumers.consumer, tp
                )

    def _measure(self, batch: Batch, took: float) -> None:
        names.BATCH_DURATION.record(took, group=self.consumers.group)
        for place, tally in batch.tallies.items():
            told = {"group": self.consumers.group, "topic": place.topic}
            for metric, count in (
                (names.APPLIED, tally.applied),
                (names.REPEATED, tally.repeated),
                (names.FOREIGN, tally.foreign_),
            ):
                if count > 0:
                    metric.add(count, **told)
        measuring.count_parked(self.consumers.group, batch.written)
        for tp, group in self.by_partition.items():
            age_s = max(0.0, time.time() - group[0].timestamp / 1000)
            names.FRESHNESS.record(
                age_s, len(group), group=self.consumers.group, topic=tp.topic
            )  # all of them as late as the first
            self.consumers.fresh[tp] = group[-1].timestamp / 1000


def _counts(batch: Batch) -> tuple[list[str], int]:
    """The types of what is parked, and how many records are not."""
    fresh = [fate for fate in batch.written if fate.item.stored is None]
    parked = [type_of(fate.item.record.headers) for fate in fresh if fate.name == PARKED]
    return parked, sum(fate.name in (APPLIED, REPEATED, FOREIGN) for fate in fresh)


def _contended(error: Exception) -> bool:
    if isinstance(error, Contended):
        return True
    if any(
        isinstance(link, asyncpg.InvalidCachedStatementError) for link in failures.causes(error)
    ):
        return True
    return any(
        getattr(link, "sqlstate", None) in ("40P01", "40001", "55P03")
        for link in failures.causes(error)
    )


def _resume(consumer: AIOKafkaConsumer, tp: TopicPartition) -> None:
    with contextlib.suppress(IllegalStateError):
        consumer.resume(tp)
