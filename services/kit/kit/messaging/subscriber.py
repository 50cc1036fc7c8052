"""The one FastStream subscriber of a group, with what Kafka and FastStream do unasked turned off:
headers are not parsed (a null one would make a record vanish), nothing is replied, nothing is
acknowledged but by our own position, no topic is made.
"""

import logging
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from itertools import chain
from typing import TypeAlias, TypedDict, cast

from aiokafka import AIOKafkaConsumer
from aiokafka.abc import ConsumerRebalanceListener
from faststream.kafka import KafkaBroker
from faststream.kafka.message import FAKE_CONSUMER, KafkaMessage
from faststream.kafka.subscriber.usecase import BatchSubscriber
from faststream.middlewares import AckPolicy

from kit.messaging.bootstrap import Bootstrap
from kit.messaging.records import StampedRecord

POLL_MS = 1_000  # a poll ends as soon as there are records, and without any after it
SESSION_MS, HEARTBEAT_MS = 45_000, 5_000
REBALANCE_MS, SLOWEST_MS = 60_000, 300_000
GRACE_S = 1.0  # a drain waits so long for the client to let go of the batch under way
_library = logging.getLogger("kit.messaging.subscriptions")

Polled: TypeAlias = tuple[int, Sequence[StampedRecord]]


class ConnectionOptions(TypedDict, total=False):
    """Options that FastStream takes for a broker as a whole."""

    connections_max_idle_ms: int
    metadata_max_age_ms: int
    retry_backoff_ms: int


class ReadOptions(TypedDict, total=False):
    """Options that it takes for one subscriber."""

    fetch_max_bytes: int
    fetch_max_wait_ms: int
    fetch_min_bytes: int
    max_partition_fetch_bytes: int
    max_poll_interval_ms: int


_OF_CONNECTION = frozenset(ConnectionOptions.__annotations__)


@dataclass(frozen=True)
class Membership:
    """How a process takes part in its group.

    batch: most records of one poll. member: a name that lasts over restarts. session_ms: after
    this silence the group gives our partitions to others.
    """

    group: str
    batch: int
    member: str | None
    session_ms: int


class PolledRecords:
    """What the loop of FastStream asks of us. generation: of the assignment, at a poll. failed: is
    told of every poll that raises. take: receives what was polled. most: records of one poll.
    """

    def __init__(
        self,
        generation: Callable[[], int],
        failed: Callable[[], None],
        take: Callable[[Polled], Awaitable[None]],
        most: int,
    ) -> None:
        self._generation, self._failed, self.take, self._most = generation, failed, take, most

    async def parse(self, records: Sequence[StampedRecord], _: object) -> KafkaMessage:
        """Runs right after the poll, before anything else can: the batch belongs to this
        assignment of partitions.
        """
        return KafkaMessage(
            body=(self._generation(), records),
            headers={},
            raw_message=tuple(records),
            message_id="",
            correlation_id="",
            consumer=FAKE_CONSUMER,  # nothing is acknowledged through a message
        )

    async def poll(self, consumer: AIOKafkaConsumer) -> tuple[StampedRecord, ...]:
        """In the place of FastStream's own, which sleeps after an empty poll while records come.
        One that fails may have drained other partitions, whose positions have moved.
        """
        try:
            found = await consumer.getmany(timeout_ms=POLL_MS, max_records=self._most)
        except BaseException:
            self._failed()
            raise
        return tuple(chain.from_iterable(found.values()))


def made(
    kafka: Bootstrap,
    membership: Membership,
    topics: Sequence[str],
    records: PolledRecords,
    listener: ConsumerRebalanceListener,
) -> tuple[KafkaBroker, BatchSubscriber]:
    """A broker that is not started, and its subscriber."""
    tuned = kafka.tuned(
        "read",
        metadata_max_age_ms=30_000,
        max_poll_interval_ms=SLOWEST_MS,
        # an empty answer is asked for again at once; so long a record may lie beside a slow batch
        fetch_max_wait_ms=250,
    )
    connection = {name: tuned.pop(name) for name in _OF_CONNECTION & tuned.keys()}
    broker = KafkaBroker(
        kafka.servers,
        security=kafka.faststream(),
        client_id=membership.group,
        consumer_only=True,
        allow_auto_create_topics=False,
        apply_types=False,
        serializer=None,
        ack_policy=AckPolicy.MANUAL,
        parser=records.parse,
        decoder=_untouched,
        logger=_library,
        log_level=logging.DEBUG,
        graceful_timeout=GRACE_S,
        **cast(ConnectionOptions, connection),
    )
    subscriber = broker.subscriber(
        *topics,
        group_id=membership.group,
        group_instance_id=membership.member,
        batch=True,
        auto_offset_reset="earliest",
        ack_policy=AckPolicy.MANUAL,
        no_reply=True,
        listener=listener,
        include_in_schema=False,
        session_timeout_ms=membership.session_ms,
        heartbeat_interval_ms=min(HEARTBEAT_MS, membership.session_ms // 3),
        rebalance_timeout_ms=REBALANCE_MS,
        **cast(ReadOptions, tuned),
    )
    subscriber(records.take)
    subscriber.get_msg = records.poll  # type: ignore[method-assign]
    return broker, subscriber


async def _untouched(message: KafkaMessage) -> object:
    return message.body
