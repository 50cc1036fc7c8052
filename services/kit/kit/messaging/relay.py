"""Sends the messages of the outbox to Kafka, in the order of commits per aggregate, at least once.

One relay owns a part of the outbox by an advisory lock; lock, read and delete use one direct
connection, never a pooler. When that connection is lost somebody else may already own the part, so
the producer is closed unflushed before anything else. ≤ 500 oldest messages → idempotent producer →
acknowledgements → delete, with the note of how far each partition holds what was deleted
(`kit.db.tables.Sent`). A crash before the delete sends a message twice, with the same `ce_id`. An
id cursor would lose messages that commit late; an xmin gate would turn two events of one aggregate
around; SKIP LOCKED would let a second worker overtake.
"""

import asyncio
import time
from collections import Counter
from collections.abc import Awaitable, Sequence
from contextlib import suppress
from datetime import datetime
from typing import TypeVar

import asyncpg
from aiokafka import AIOKafkaProducer
from aiokafka.errors import KafkaError

from kit.db.connections import connect_options
from kit.db.driver import Row
from kit.db.errors import FAILED
from kit.db.raw_session import RawSession
from kit.db.store import Driver, Session, Store
from kit.messaging import producing
from kit.messaging.bootstrap import Bootstrap
from kit.messaging.clusters import cluster_of
from kit.messaging.producing import Sent
from kit.messaging.starting import start
from kit.observability import names
from kit.observability.logs import log

Result = TypeVar("Result")

LOCK = 0x0B0C5  # class of the advisory locks; their number is the part
ROUND = 500
ROUND_BYTES = 16 << 20
LEAST_PAUSE_S, MOST_PAUSE_S = (
    0.005,
    0.2,
)  # how often an idle outbox is looked at; a commit in this process wakes us anyway
# idempotent batches never expire in aiokafka: a producer that is silent for so long is made anew
ACKNOWLEDGED_S = 30
TOPIC_S = 10  # how long a message to a topic that is not there holds up its round
RETRY_S, MOST_RETRY_S = 0.1, 5.0
OLD_S = 60  # age of the oldest message from which it is an alarm

_SELECT = (
    "select seq, topic, key, headers, payload, recorded_at from outbox where part = $1 order "
    "by seq limit $2"
)
# one statement, so that a backup holds a message either here or in a record below `next`
_DELETE = """
with gone as (delete from outbox where part = $1 and seq = any($2::bigint[]))
insert into sent (part, cluster, topic, partition, next)
select $1, $3, * from unnest($4::text[], $5::int[], $6::bigint[])
on conflict (part, cluster, topic, partition) do update set next = excluded.next"""


class OwnershipLost(ConnectionError):
    """The connection that holds the part's lock is gone."""


class RoundFailed(Exception):
    """The broker refused a message, or was silent; the messages it acknowledged are deleted."""


class Relay:
    """Owns one part of the outbox, or waits until it can.

    sent: messages acknowledged since the start. owner: whether the part is ours now. progress:
    `time.monotonic()` of the last round that ended, empty ones and tries for ownership included.
    """

    def __init__(self, store: Store, kafka: str | Bootstrap, *, part: int = 0) -> None:
        self.store, self.kafka, self.part = store, Bootstrap.of(kafka), part
        self.sent = 0
        self.owner = False
        self.progress = time.monotonic()
        self._cluster = ""
        self._wake = asyncio.Event()
        self._stopping = False
        self._size = ROUND
        self._retry_s = RETRY_S
        store.committed.append(self._committed)

    async def run(self) -> None:
        """Relays until `stop()`; whatever fails is tried again."""
        names.OUTBOX_FAILED.add(0, part=str(self.part))
        while not self._stopping:
            try:
                await self._owned()
            except (RoundFailed, KafkaError, *FAILED) as error:
                names.OUTBOX_FAILED.add(1, part=str(self.part))
                log.warning(
                    "the relay rests",
                    part=self.part,
                    error=type(error).__name__,
                    detail=str(error)[:200],
                    rest_s=self._retry_s,
                )
                self.progress = time.monotonic()
                await self._slept(self._retry_s)
                self._retry_s = min(2 * self._retry_s, MOST_RETRY_S)

    def stop(self) -> None:
        """Lets the round under way end, then gives the part back; `run()` returns."""
        self._stopping = True
        self._wake.set()

    def _committed(self, session: Session | RawSession) -> None:
        if any(message.part == self.part for message in session.messages):
            self._wake.set()

    async def _owned(self) -> None:
        connection = await asyncpg.connect(
            self.store.dsn, **connect_options(f"{self.store.service} relay {self.part}")
        )
        lost: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        connection.add_termination_listener(
            lambda _: None if lost.done() else lost.set_result(None)
        )
        try:
            while not self._stopping and not await connection.fetchval(
                "select pg_try_advisory_lock($1, $2)", LOCK, self.part
            ):
                self.progress = time.monotonic()
                await self._slept(0.5)
            while not self._stopping:
                await self._relayed(connection, lost)
        finally:
            self.owner = False
            with suppress(
                asyncpg.PostgresError, asyncpg.InterfaceError, asyncpg.InternalClientError, OSError
            ):
                await connection.close(timeout=2)

    async def _relayed(self, connection: Driver, lost: asyncio.Future[None]) -> None:
        """Rounds with one producer, until one fails."""
        producer = AIOKafkaProducer(
            **self.kafka.aiokafka(),
            client_id=f"{self.store.service}-relay-{self.part}",
            acks="all",
            enable_idempotence=True,
            request_timeout_ms=TOPIC_S * 1000,
            **self.kafka.tuned("write", max_batch_size=256 << 10, metadata_max_age_ms=60_000),
        )
        pause = LEAST_PAUSE_S
        try:
            await _before(lost, start(producer))
            self._cluster = await _before(lost, cluster_of(self.kafka))
            self.owner = True
            while not self._stopping:
                self._wake.clear()
                if await self._round(connection, producer, lost):
                    pause, self._retry_s = LEAST_PAUSE_S, RETRY_S
                else:
                    await self._slept(pause)
                    pause = min(2 * pause, MOST_PAUSE_S)
                self.progress = time.monotonic()
        finally:
            self.owner = False
            await producing.close_unflushed(producer)

    async def _round(
        self, connection: Driver, producer: AIOKafkaProducer, lost: asyncio.Future[None]
    ) -> int:
        rows = await connection.fetch(_SELECT, self.part, self._size, timeout=10)
        if not rows:
            return 0
        self._size = max(
            1, min(ROUND, ROUND_BYTES * len(rows) // (1 + sum(len(row["payload"]) for row in rows)))
        )
        sent: Sent = []
        failure: BaseException | None = None
        try:
            async with asyncio.timeout(ACKNOWLEDGED_S):
                await _before(lost, producing.send(producer, rows, sent))
        except (KafkaError, TimeoutError) as error:
            failure = error
        if sent:
            await _before(lost, asyncio.wait(sent, timeout=TOPIC_S if failure else ACKNOWLEDGED_S))
        done = []
        places: dict[tuple[str, int], list[int]] = {}
        for row, future in zip(rows, sent, strict=False):
            if not future.done():
                failure = failure or TimeoutError(f"no acknowledgement within {ACKNOWLEDGED_S} s")
            elif refused := future.exception():
                failure = failure or refused
            else:
                done.append((row, where := future.result()))
                places.setdefault((where.topic, where.partition), []).append(where.offset)
        # the broker knew a batch from an earlier try, but no longer where it lies: it is sent again
        unknown = {place for place, offsets in places.items() if min(offsets) < 0}
        if unknown:
            failure = failure or RoundFailed(
                f"the broker does not tell where it keeps messages to {sorted(unknown)}"
            )
            done = [
                (row, where) for row, where in done if (where.topic, where.partition) not in unknown
            ]
        if done:
            ends = [
                (*place, max(offsets) + 1)
                for place, offsets in places.items()
                if place not in unknown
            ]
            messages = [row for row, _ in done]
            await connection.execute(
                _DELETE,
                self.part,
                [row["seq"] for row in messages],
                self._cluster,
                *zip(*ends, strict=True),
                timeout=10,
            )
            self._count(messages)
        if failure:
            raise RoundFailed(f"{type(failure).__name__}: {failure}") from failure
        return len(done)

    def _count(self, done: Sequence[Row]) -> None:
        self.sent += len(done)
        now = self.store.clock.real()
        oldest: dict[str, datetime] = {}
        for row in done:
            oldest.setdefault(row["topic"], row["recorded_at"])
        for topic, count in Counter(row["topic"] for row in done).items():
            names.OUTBOX_SENT.add(count, topic=topic)
            names.OUTBOX_DELAY.record(
                (now - oldest[topic]).total_seconds(), count, topic=topic
            )  # all of them as late as the slowest

    async def _slept(self, seconds: float) -> None:
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self._wake.wait()


async def depth(store: Store) -> tuple[int, float]:
    """Messages in the outbox, counted up to 100 000, and the age of the oldest in seconds of real
    time.
    """
    async with store.reading() as session:
        row = await (await session.driver()).fetchrow(
            "select (select count(*) from (select from outbox limit 100000) as counted), "
            "(select min(recorded_at) from"
            " (select recorded_at from outbox order by part, seq limit 1000) as first)"
        )
    count, oldest = row[0], row[1]
    age_s = max(0.0, (store.clock.real() - oldest).total_seconds()) if oldest else 0.0
    names.OUTBOX_DEPTH.set(count, part="all")
    names.OUTBOX_OLDEST.set(age_s, part="all")
    if age_s > OLD_S:
        log.error("the outbox does not drain", messages=count, oldest_s=round(age_s))
    return count, age_s


async def _before(lost: asyncio.Future[None], doing: Awaitable[Result]) -> Result:
    """Awaits something for as long as the connection lives. Raises: OwnershipLost."""
    task = asyncio.ensure_future(doing)
    try:
        await asyncio.wait((task, lost), return_when=asyncio.FIRST_COMPLETED)
        if lost.done():
            raise OwnershipLost("the connection that holds the lock was closed")
        return task.result()
    finally:
        if not task.done():
            task.cancel()
            with suppress(asyncio.CancelledError, KafkaError):
                await task
