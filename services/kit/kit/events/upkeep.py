"""What a group does besides reading: takes up what waited in vain, parks what has waited too long, watches that the log holds all."""

import asyncio
import time
from collections.abc import Sequence
from typing import TYPE_CHECKING

from aiokafka import TopicPartition
from aiokafka.errors import KafkaConnectionError, KafkaError

from kit import inbox
from kit.events import failures, loading, measuring
from kit.events.batch import HELD, PARKED, WAITING, Batch, Fate
from kit.events.failures import RecordsLost
from kit.observe import log, names
from kit.store import Session

if TYPE_CHECKING:
    from kit.events.consumers import Consumers

EXPIRES_S = 15 * 60  # real time a record waits before it is parked
SWEEP_S, WATCH_S, CLEAN_S = 1.0, 10.0, 600.0
STALLED_S = 120.0


async def keep(consumers: "Consumers") -> None:
    """Runs until cancelled; what fails is tried again at the next turn."""
    watched = cleaned = 0.0
    while consumers.alarm is None:
        try:
            await sweep(consumers)
            if consumers.joined and time.monotonic() - watched > WATCH_S:
                watched = time.monotonic()
                await watch(consumers)
            if time.monotonic() - cleaned > CLEAN_S:
                cleaned = time.monotonic()
                async with consumers.store.transaction() as session:
                    while await inbox.clean(await session.driver()) >= inbox.CLEANED:
                        pass
        except failures.Stop as alarm:
            await consumers.give_up(alarm)
        except Exception as error:  # noqa: BLE001 -- the next turn may pass, and a loop that has ended would park and watch nothing
            if not failures.passing(error) and not isinstance(error, KafkaError):
                log.error("upkeep failed", group=consumers.group, exc_info=error)
        await asyncio.sleep(SWEEP_S)


async def sweep(consumers: "Consumers") -> None:
    """Takes up records whose row came unseen, and parks those whose time is over."""
    async with consumers.store.transaction() as session:
        driver = await session.driver()
        if not await driver.fetchval('select exists (select from waiting where "group" = $1)', consumers.group):
            return
        rows = await inbox.come(driver, consumers.group)
        if rows:
            batch = Batch(session, consumers.group, archive=consumers.archive, careful=True)
            await batch.release(rows)
            await batch.move()
    async with consumers.store.transaction() as session:
        parked = await _park_expired(session, consumers)
    measuring.count_parked(consumers.group, parked)


async def _park_expired(session: Session, consumers: "Consumers") -> Sequence[Fate]:
    driver = await session.driver()
    rows = await inbox.expired(driver, consumers.group, consumers.expires_s)
    if not rows:
        return ()
    batch = Batch(session, consumers.group, careful=True)
    await batch.lock(loading.place_of(row) for row in rows)
    parked = set()
    for row in await inbox.expired(driver, consumers.group, consumers.expires_s):
        item = loading.stored(row, consumers.group, WAITING)
        if item.line in parked:
            batch.done.add(Fate(item, HELD))
        else:
            parked |= {item.line} - {None}
            batch.done.add(Fate(item, PARKED, (measuring.WAITED, f"{row['kind']} {row['id']} did not come"), 0))
    await batch.move()
    return batch.written


async def watch(consumers: "Consumers") -> None:
    """Raises: RecordsLost where the log begins behind what is read, or ends before it; KafkaError where Kafka does not tell."""
    async with consumers.store.reading() as session:
        rows = await (await session.driver()).fetch(
            'select topic, partition, next, waiting, parked, held from position where "group" = $1 and cluster = $2 and topic = any ($3)',
            consumers.group, consumers.cluster, consumers.topics,
        )
    for place, gauge in ((3, names.WAITING_NOW), (5, names.HELD_NOW)):
        gauge.set(sum(row[place] for row in rows), group=consumers.group)
    partitions = {TopicPartition(row[0], row[1]): row[2] for row in rows}
    if not partitions:
        return
    bounds = await consumers.brokers.bounds(partitions)
    if bounds is None:
        raise KafkaConnectionError("the broker does not tell where the log begins and ends")
    begins = {tp: bounds[tp.topic, tp.partition][0] for tp in partitions}
    ends = {tp: bounds[tp.topic, tp.partition][1] for tp in partitions}
    _notice_stall(consumers, partitions, ends)
    await _bring_back(consumers, ends)
    for tp, next in partitions.items():
        if begins[tp] > next:
            raise RecordsLost(f"{tp.topic} {tp.partition} begins at {begins[tp]}, and {next} is not read yet")
        if ends[tp] < next:
            raise RecordsLost(f"{tp.topic} {tp.partition} ends at {ends[tp]}, and {next} records were read")


async def _bring_back(consumers: "Consumers", ends: dict[TopicPartition, int]) -> None:
    """Reads on where Kafka, after a restore of our database, believes that all is read: no batch comes from there to show the gap."""
    for tp, (next, since) in list(consumers.still.items()):
        rests = time.monotonic() - since > WATCH_S / 2 and tp in consumers.consumer.assignment()
        if rests and await consumers.consumer.position(tp) >= ends[tp]:
            async with consumers.turn:  # between two batches; what is read twice stays behind the fence
                consumers.seek({(tp.topic, tp.partition): next})
            told = {"topic": tp.topic, "partition": tp.partition, "offset": next}
            log.warning("the group reads on where its database is", group=consumers.group, **told)


def _notice_stall(consumers: "Consumers", nexts: dict[TopicPartition, int], ends: dict[TopicPartition, int]) -> None:
    """A loop that dies at every poll looks busy; that its partitions do not move gives it away."""
    now, mine = time.monotonic(), consumers.consumer.assignment()
    due = {tp: next for tp, next in nexts.items() if tp in mine and ends[tp] > next and not consumers.paused}
    consumers.still = {tp: consumers.still[tp] if consumers.still.get(tp, (-1,))[0] == next else (next, now) for tp, next in due.items()}
    consumers.stalled = any(now - since > STALLED_S for _, since in consumers.still.values())
    for tp, next in nexts.items():
        names.CONSUMER_LAG.set(max(0, ends[tp] - next), group=consumers.group, topic=tp.topic, partition=str(tp.partition))
