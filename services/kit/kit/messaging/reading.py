"""What the parts of a group's reading know of each other: the state that they share, and the
narrow protocols through which they act on the client and on the group.
"""

import asyncio
from collections.abc import Collection, Mapping
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field
from typing import Protocol

from aiokafka import TopicPartition

from kit.db.store import Store
from kit.messaging.bounds import Bounds, Brokers
from kit.messaging.failures import Limits, Stop
from kit.messaging.records import ClusterPartition
from kit.messaging.subscriptions import Archive

Offsets = Mapping[TopicPartition, int]


@dataclass
class Progress:
    """How far this process has read, and what it knows of its partitions.

    Offsets and pauses count for the present assignment of partitions only; `clear` forgets them.
    """

    # rises with each revocation, each assignment and each `reread`: batches that were polled
    # before are dropped
    assignment_generation: int = 0
    revoking: bool = False
    # held by the batch under way
    batch_lock: asyncio.Lock = field(default_factory=asyncio.Lock)
    # partitions whose position is in the database
    known: set[ClusterPartition] = field(default_factory=set)
    # where our last batch or seek left off
    next_expected: dict[TopicPartition, int] = field(default_factory=dict)
    # the offset behind the last applied record
    read: dict[TopicPartition, int] = field(default_factory=dict)
    # seconds that a partition rests after a failure
    pauses: dict[TopicPartition, float] = field(default_factory=dict)
    # Unix time of the last applied record, or of the last look at which there was no more
    fresh_at: dict[TopicPartition, float] = field(default_factory=dict)
    # what is to be read, and the monotonic time since when it is not
    unmoved: dict[TopicPartition, tuple[int, float]] = field(default_factory=dict)
    stalled: bool = False

    def clear(self) -> None:
        """Forgets where it was: the first batch of each partition is compared with its position."""
        self.next_expected.clear()
        self.read.clear()
        self.pauses.clear()
        self.fresh_at.clear()


class Client(Protocol):
    """What is asked of aiokafka's consumer, which has no types.

    `seek`, `pause` and `resume` raise IllegalStateError for a partition that is not ours any more.
    """

    def assignment(self) -> AbstractSet[TopicPartition]: ...
    def partitions_for_topic(self, topic: str) -> set[int] | None: ...
    def seek(self, partition: TopicPartition, offset: int) -> None: ...
    def pause(self, *partitions: TopicPartition) -> None: ...
    def resume(self, *partitions: TopicPartition) -> None: ...
    def highwater(self, partition: TopicPartition) -> int | None: ...
    async def position(self, partition: TopicPartition) -> int: ...
    async def beginning_offsets(
        self, partitions: Collection[TopicPartition]
    ) -> dict[TopicPartition, int]: ...
    async def commit(self, offsets: Offsets) -> None: ...


class Group(Protocol):
    """Who reads: what measuring and status need to know of it.

    started: it has begun to read, or to try. cluster: Kafka's cluster id. joined: it has reached
    Kafka and stands in its group; only then there is a `consumer`. bounds: begin and end of each
    partition, as Kafka reported them last.
    """

    group: str
    started: bool
    cluster: str
    progress: Progress
    store: Store
    brokers: Brokers
    bounds: Bounds

    @property
    def topics(self) -> list[str]: ...
    @property
    def joined(self) -> bool: ...
    @property
    def ready(self) -> bool: ...
    @property
    def consumer(self) -> Client: ...


class BatchReader(Group, Protocol):
    """What a polled batch needs: where its records go, and how to read others instead."""

    archive: Archive | None
    limits: Limits

    def seek(self, to: Mapping[tuple[str, int], int]) -> None: ...
    def commit_offsets(self) -> None: ...


class WatchedReader(Group, Protocol):
    """What upkeep needs: time limits, and how to bring the reading back or to end it.

    expires_s: real seconds a record may wait. stalled_s: seconds without movement before the
    group counts as stalled.
    """

    archive: Archive | None
    alarm: Stop | None
    expires_s: float
    stalled_s: float

    def reread(self, to: Mapping[tuple[str, int], int]) -> None: ...
    async def give_up(self, alarm: Stop) -> None: ...
