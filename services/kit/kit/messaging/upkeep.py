"""What a group does besides reading: takes up what waited in vain, parks what has waited too long,
watches that the log holds all.
"""

import asyncio
import time
from collections.abc import Awaitable, Callable, Sequence
from typing import TYPE_CHECKING

from aiokafka import TopicPartition
from aiokafka.errors import KafkaConnectionError, KafkaError

from kit.db.store import Session
from kit.messaging import failures, inbox, measuring, positions, prefetch
from kit.messaging.batch import HELD, PARKED, WAITING, Batch, Disposition
from kit.messaging.failures import RecordsLost
from kit.messaging.records import ClusterPartition
from kit.observability import names
from kit.observability.logs import log

if TYPE_CHECKING:
    from kit.messaging.consumers import Consumers

EXPIRES_S = 15 * 60  # real time a record waits before it is parked
SWEEP_S, WATCH_S = 1.0, 10.0
RESTS_S = 3.0  # so long nothing is read of a partition before it is looked whether anything will be
STANDS_S = 1.0
STALLED_S = 120.0

Offsets = dict[TopicPartition, int]


async def keep(consumers: "Consumers") -> None:
    """Runs until cancelled; what fails is tried again at the next turn."""
    watched = float("-inf")
    calm = -1  # the deal of partitions under which nothing rests
    while consumers.alarm is None:
        await _tried(consumers, sweep)
        if consumers.joined and (calm != consumers.dealt or time.monotonic() - watched > WATCH_S):
            watched, dealt = time.monotonic(), consumers.dealt
            calm = dealt if await _tried(consumers, watch) and not consumers.still else -1
        await asyncio.sleep(SWEEP_S)


async def _tried(consumers: "Consumers", work: Callable[["Consumers"], Awaitable[None]]) -> bool:
    """Whether it passed; each part is tried by itself, so that none of them waits for another to
    pass.
    """
    try:
        await work(consumers)
    except failures.Stop as alarm:
        await consumers.give_up(alarm)
    except Exception as error:  # noqa: BLE001 -- the next turn may pass, and a loop that has ended would park and watch nothing
        if not failures.passing(error) and not isinstance(error, KafkaError):
            log.error("upkeep failed", group=consumers.group, exc_info=error)
    else:
        return True
    return False


async def sweep(consumers: "Consumers") -> None:
    """Takes up records whose row came unseen, and parks those whose time is over."""
    async with consumers.store.transaction() as session:
        driver = await session.driver()
        if not await driver.fetchval(
            'select exists (select from waiting where "group" = $1)', consumers.group
        ):
            return
        rows = await inbox.come(driver, consumers.group)
        if rows:
            batch = Batch(session, consumers.group, archive=consumers.archive, careful=True)
            await batch.release(rows)
            await batch.move()
    async with consumers.store.transaction() as session:
        parked = await _park_expired(session, consumers)
    measuring.count_parked(consumers.group, parked)


async def _park_expired(session: Session, consumers: "Consumers") -> Sequence[Disposition]:
    driver = await session.driver()
    rows = await inbox.expired(driver, consumers.group, consumers.expires_s)
    if not rows:
        return ()
    batch = Batch(session, consumers.group, careful=True)
    await batch.lock(prefetch.place_of(row) for row in rows)
    parked = set()
    for row in await inbox.expired(driver, consumers.group, consumers.expires_s):
        item = prefetch.stored(row, consumers.group, WAITING)
        if item.line in parked:
            batch.done.add(Disposition(item, HELD))
        else:
            parked |= {item.line} - {None}
            batch.done.add(
                Disposition(
                    item, PARKED, (measuring.WAITED, f"{row['kind']} {row['id']} did not come"), 0
                )
            )
    await batch.move()
    return batch.written


async def watch(consumers: "Consumers") -> None:
    """Compares, notices what does not move and reads on there. Not for a turn, which would wait for
    its own end.

    Raises: see `compare`.
    """
    await _make_absent(consumers)
    nexts, ends = await compare(consumers)
    _notice_stall(consumers, nexts, ends)
    await _bring_back(consumers, ends)


async def make_positions(consumers: "Consumers", partitions: Offsets) -> None:
    """Makes the positions of partitions that begin at these offsets, where there are none yet."""
    places = {
        ClusterPartition(consumers.cluster, *tp): offset
        for tp, offset in sorted(partitions.items())
    }
    async with consumers.store.transaction() as session:
        await positions.ensure(await session.driver(), consumers.group, places)
    consumers.known.update(places)  # not `|=`: with the keys of a dict that makes another set


async def _make_absent(consumers: "Consumers") -> None:
    """A partition at whose end Kafka believes us brings no batch: without a position nobody would
    see that it is not read.
    """
    nexts = await _nexts(consumers)
    if new := [tp for tp in consumers.consumer.assignment() if tp not in nexts]:
        await make_positions(consumers, await consumers.consumer.beginning_offsets(new))


async def compare(consumers: "Consumers") -> tuple[Offsets, Offsets]:
    """The next offset to read and the end of the log, of each partition of the group.

    Raises: RecordsLost where the log begins behind what is read, or ends before it; KafkaError
    where Kafka does not tell.
    """
    nexts = await _nexts(consumers)
    if not nexts:
        return {}, {}
    bounds = await consumers.brokers.bounds(nexts)
    if bounds is None:
        raise KafkaConnectionError("the broker does not tell where the log begins and ends")
    begins = {tp: bounds[tp.topic, tp.partition][0] for tp in nexts}
    ends = {tp: bounds[tp.topic, tp.partition][1] for tp in nexts}
    for tp, next in nexts.items():
        if begins[tp] > next:
            raise RecordsLost(
                f"{tp.topic} {tp.partition} begins at {begins[tp]}, and {next} is not read yet"
            )
        if ends[tp] < next:
            raise RecordsLost(
                f"{tp.topic} {tp.partition} ends at {ends[tp]}, and {next} records were read"
            )
    return nexts, ends


async def _nexts(consumers: "Consumers") -> Offsets:
    async with consumers.store.reading() as session:
        rows = await (await session.driver()).fetch(
            "select topic, partition, next, waiting, parked, held from position where "
            '"group" = $1 and cluster = $2 and topic = any ($3)',
            consumers.group,
            consumers.cluster,
            consumers.topics,
        )
    for place, gauge in ((3, names.WAITING_NOW), (5, names.HELD_NOW)):
        gauge.set(sum(row[place] for row in rows), group=consumers.group)
    return {TopicPartition(row[0], row[1]): row[2] for row in rows}


async def _bring_back(consumers: "Consumers", ends: Offsets) -> None:
    """Reads on where Kafka, after a restore of our database, believes that all is read: no batch
    comes from there to show the gap.
    """
    now = time.monotonic()
    resting = {
        tp: next
        for tp, (next, since) in consumers.still.items()
        if now - since > RESTS_S and await _stands(consumers, tp) >= ends[tp]
    }
    if not resting:
        return
    async with consumers.turn:  # between two batches; the one before us may have moved them
        nexts = await _nexts(consumers)
        back = {
            (tp.topic, tp.partition): next for tp, next in resting.items() if nexts.get(tp) == next
        }
        if back:
            consumers.reread(back)
    for (topic, partition), offset in back.items():
        told = {"topic": topic, "partition": partition, "offset": offset}
        log.warning("the group reads on where its database is", group=consumers.group, **told)


async def _stands(consumers: "Consumers", tp: TopicPartition) -> int:
    """Where the client reads on; -1 where the partition is not ours."""
    if tp not in consumers.consumer.assignment():
        return -1
    async with asyncio.timeout(STANDS_S):  # it has no answer while partitions are dealt
        position: int = await consumers.consumer.position(tp)
    return position


def _notice_stall(consumers: "Consumers", nexts: Offsets, ends: Offsets) -> None:
    """A loop that dies at every poll looks busy; that its partitions do not move gives it away."""
    now, mine = time.monotonic(), consumers.consumer.assignment()
    due = {
        tp: next
        for tp, next in nexts.items()
        if tp in mine and ends[tp] > next and tp not in consumers.pauses
    }
    consumers.still = {
        tp: consumers.still[tp] if consumers.still.get(tp, (-1,))[0] == next else (next, now)
        for tp, next in due.items()
    }
    consumers.stalled = any(
        now - since > consumers.stalled_s for _, since in consumers.still.values()
    )
    for tp, next in nexts.items():
        names.CONSUMER_LAG.set(
            max(0, ends[tp] - next),
            group=consumers.group,
            topic=tp.topic,
            partition=str(tp.partition),
        )
