"""What a group does besides reading: takes up what waited in vain, parks what has waited too long,
watches that the log holds all.
"""

import asyncio
import time
from collections.abc import Awaitable, Callable, Sequence

from aiokafka import TopicPartition
from aiokafka.errors import KafkaConnectionError, KafkaError

from kit.db.store import Session
from kit.messaging import failures, inbox, measuring, positions, prefetch
from kit.messaging.batch import Batch
from kit.messaging.disposition import HELD, PARKED, WAITING, Disposition
from kit.messaging.failures import RecordsLost
from kit.messaging.reading import Group, Offsets, WatchedReader
from kit.messaging.records import ClusterPartition, OrderingKey
from kit.observability import names
from kit.observability.logs import log

EXPIRES_S = 15 * 60  # real time a record waits before it is parked
SWEEP_S, WATCH_S = 1.0, 10.0
# so long nothing is read of a partition before it is checked whether anything will be
RESTS_S = 3.0
POSITION_S = 1.0
STALLED_S = 120.0

_NEXTS = """
select topic, partition, next, waiting, held
from position
where "group" = $1 and cluster = $2 and topic = any ($3)"""
_ANY_WAITS = 'select exists (select from waiting where "group" = $1)'


async def keep(reader: WatchedReader) -> None:
    """Runs until cancelled; what fails is tried again at the next turn."""
    progress = reader.progress
    watched_at = float("-inf")
    calm = -1  # the assignment under which every partition moves
    while reader.alarm is None:
        await _tried(reader, sweep)
        due = time.monotonic() - watched_at > WATCH_S
        if reader.joined and (due or calm != progress.assignment_generation):
            watched_at, generation = time.monotonic(), progress.assignment_generation
            passed = await _tried(reader, watch)
            calm = generation if passed and not progress.unmoved else -1
        await asyncio.sleep(SWEEP_S)


async def _tried(reader: WatchedReader, work: Callable[[WatchedReader], Awaitable[None]]) -> bool:
    """Whether it passed; each part is tried by itself, so that none of them waits for another to
    pass.
    """
    try:
        await work(reader)
    except failures.Stop as alarm:
        await reader.give_up(alarm)
    # the next turn may pass, and a loop that has ended would park and watch nothing
    except Exception as error:  # noqa: BLE001
        if not failures.passing(error) and not isinstance(error, KafkaError):
            log.error("upkeep failed", group=reader.group, exc_info=error)
    else:
        return True
    return False


async def sweep(reader: WatchedReader) -> None:
    """Takes up records whose row came unseen, and parks those whose time is over."""
    async with reader.store.transaction() as session:
        driver = await session.driver()
        if not await driver.fetchval(_ANY_WAITS, reader.group):
            return
        rows = await inbox.come(driver, reader.group)
        if rows:
            batch = Batch(session, reader.group, archive=reader.archive, careful=True)
            await batch.release(rows)
            await batch.move()
    async with reader.store.transaction() as session:
        parked = await _park_expired(session, reader)
    measuring.count_parked(reader.group, parked)


async def _park_expired(session: Session, reader: WatchedReader) -> Sequence[Disposition]:
    driver = await session.driver()
    rows = await inbox.expired(driver, reader.group, reader.expires_s)
    if not rows:
        return ()
    batch = Batch(session, reader.group, careful=True)
    await batch.lock(prefetch.place_of(row) for row in rows)
    parked: set[OrderingKey] = set()
    for row in await inbox.expired(driver, reader.group, reader.expires_s):
        item = prefetch.stored(row, reader.group, WAITING)
        if item.ordering_key in parked:
            batch.done.add(Disposition(item, HELD))
            continue
        if item.ordering_key is not None:
            parked.add(item.ordering_key)
        why = (measuring.WAITED, f"{row['kind']} {row['id']} did not come")
        batch.done.add(Disposition(item, PARKED, why, 0))
    await batch.move()
    return batch.written


async def watch(reader: WatchedReader) -> None:
    """Compares, notices what does not move and reads on there. Not for a batch, which would wait
    for its own end.

    Raises: see `compare`.
    """
    await _make_absent(reader)
    nexts, ends = await compare(reader)
    _notice_stall(reader, nexts, ends)
    await _bring_back(reader, ends)


async def make_positions(reader: Group, partitions: Offsets) -> None:
    """Makes the positions of partitions that begin at these offsets, where there are none yet."""
    begins = {
        ClusterPartition(reader.cluster, tp.topic, tp.partition): offset
        for tp, offset in sorted(partitions.items())
    }
    async with reader.store.transaction() as session:
        await positions.ensure(await session.driver(), reader.group, begins)
    reader.progress.known.update(begins)  # not `|=`: with the keys of a dict it makes another set


async def _make_absent(reader: Group) -> None:
    """A partition at whose end Kafka believes us brings no batch: without a position nobody would
    see that it is not read.
    """
    nexts = await _nexts(reader)
    if new := [tp for tp in reader.consumer.assignment() if tp not in nexts]:
        await make_positions(reader, await reader.consumer.beginning_offsets(new))


async def compare(reader: Group) -> tuple[Offsets, Offsets]:
    """The next offset to read and the end of the log, of each partition of the group.

    Raises: RecordsLost where the log begins behind what is read, or ends before it; KafkaError
    where Kafka does not tell.
    """
    nexts = await _nexts(reader)
    if not nexts:
        return {}, {}
    bounds = await reader.brokers.bounds(nexts.keys())
    if bounds is None:
        raise KafkaConnectionError("the broker does not tell where the log begins and ends")
    ends = {}
    for tp, next in nexts.items():
        begin, ends[tp] = bounds[tp.topic, tp.partition]
        if begin > next:
            raise RecordsLost(
                f"{tp.topic} {tp.partition} begins at {begin}, and {next} is not read yet"
            )
        if ends[tp] < next:
            raise RecordsLost(
                f"{tp.topic} {tp.partition} ends at {ends[tp]}, and {next} records were read"
            )
    return nexts, ends


async def _nexts(reader: Group) -> Offsets:
    async with reader.store.reading() as session:
        driver = await session.driver()
        rows = await driver.fetch(_NEXTS, reader.group, reader.cluster, reader.topics)
    names.WAITING_NOW.set(sum(row["waiting"] for row in rows), group=reader.group)
    names.HELD_NOW.set(sum(row["held"] for row in rows), group=reader.group)
    return {TopicPartition(row["topic"], row["partition"]): row["next"] for row in rows}


async def _bring_back(reader: WatchedReader, ends: Offsets) -> None:
    """Reads on where Kafka, after a restore of our database, believes that all is read: no batch
    comes from there to show the gap.
    """
    now = time.monotonic()
    resting = {
        tp: next
        for tp, (next, since) in reader.progress.unmoved.items()
        if now - since > RESTS_S and await _client_position(reader, tp) >= ends[tp]
    }
    if not resting:
        return
    async with reader.progress.batch_lock:  # the batch before us may have moved them
        nexts = await _nexts(reader)
        back = {
            (tp.topic, tp.partition): next for tp, next in resting.items() if nexts.get(tp) == next
        }
        if back:
            reader.reread(back)
    for (topic, partition), offset in back.items():
        log.warning(
            "the group reads on where its database is",
            group=reader.group,
            topic=topic,
            partition=partition,
            offset=offset,
        )


async def _client_position(reader: Group, tp: TopicPartition) -> int:
    """Where the client reads on; -1 where the partition is not ours."""
    if tp not in reader.consumer.assignment():
        return -1
    async with asyncio.timeout(POSITION_S):  # it has no answer while partitions are assigned
        return await reader.consumer.position(tp)


def _notice_stall(reader: WatchedReader, nexts: Offsets, ends: Offsets) -> None:
    """A loop that dies at every poll looks busy; that its partitions do not move gives it away."""
    progress, now, mine = reader.progress, time.monotonic(), reader.consumer.assignment()
    before = progress.unmoved
    progress.unmoved = {
        tp: before[tp] if tp in before and before[tp][0] == next else (next, now)
        for tp, next in nexts.items()
        if tp in mine and ends[tp] > next and tp not in progress.pauses
    }
    progress.stalled = any(now - since > reader.stalled_s for _, since in progress.unmoved.values())
    for tp, next in nexts.items():
        lag = max(0, ends[tp] - next)
        partition = str(tp.partition)
        names.CONSUMER_LAG.set(lag, group=reader.group, topic=tp.topic, partition=partition)
