"""The topics of the city, as the contracts name them; made here and by nobody else."""

from dataclasses import dataclass
from importlib import resources

from confluent_kafka.admin import (
    AdminClient,
    AlterConfigOpType,
    ConfigEntry,
    ConfigResource,
    ResourceType,
)
from confluent_kafka.cimpl import NewTopic
from eldercare.options_pb2 import event as event_option
from google.protobuf.descriptor_pb2 import DescriptorProto, FileDescriptorSet

from kit.messaging.bootstrap import Bootstrap

WEEK_MS = str(7 * 24 * 3600 * 1000)
# The events of these carry the full state and their topics are compacted: a replica can start from
# nothing.
COMPACTED = frozenset({"elder", "organisation", "facility", "worker", "policy"})
TIMEOUT_S = 30


class PartitionsFixed(Exception):
    """A topic has another number of partitions than asked for; changing it would break the order of
    every key.
    """


@dataclass(frozen=True)
class Topic:
    """One aggregate's log. events: full names of the messages published on it."""

    name: str
    events: tuple[str, ...]
    compacted: bool

    def config(self, replication: int) -> dict[str, str]:
        """Its settings on a broker. Of three copies two must have a record before its sender gets
        an acknowledgement: one broker may die.
        """
        kept = {"min.insync.replicas": str(max(1, replication - 1))}
        if self.compacted:
            return kept | {
                "cleanup.policy": "compact",
                "min.compaction.lag.ms": WEEK_MS,
                "segment.ms": WEEK_MS,
            }
        return kept | {"cleanup.policy": "delete", "retention.ms": WEEK_MS}


def declared() -> list[Topic]:
    """Every topic that an event of the contracts names, by name."""
    contracts = FileDescriptorSet.FromString(
        resources.files("eldercare").joinpath("eldercare.binpb").read_bytes()
    )
    published: dict[str, list[str]] = {}
    for file in contracts.file:
        for message in file.message_type:
            aggregate = _aggregate(message)
            if aggregate:
                published.setdefault(aggregate, []).append(f"{file.package}.{message.name}")
    return [
        Topic(f"eldercare.{name}.v1", tuple(events), name in COMPACTED)
        for name, events in sorted(published.items())
    ]


def copies(kafka: Bootstrap) -> int:
    """How many copies the best kept partition of the declared topics has; 0 where none of the
    topics is there. Raises: KafkaException.
    """
    present = AdminClient(kafka.librdkafka()).list_topics(timeout=TIMEOUT_S).topics
    there = [present[topic.name] for topic in declared() if topic.name in present]
    return max(
        (len(partition.replicas) for topic in there for partition in topic.partitions.values()),
        default=0,
    )


def apply(kafka: str | Bootstrap, *, partitions: int, replication: int) -> list[str]:
    """Makes what is missing and sets what differs; repeatable. Returns a line for each change.
    Raises: PartitionsFixed, KafkaException.
    """
    admin = AdminClient(Bootstrap.of(kafka).librdkafka())
    present = admin.list_topics(timeout=TIMEOUT_S).topics
    lines = []
    for topic in declared():
        found = present.get(topic.name)
        if found is not None and len(found.partitions) != partitions:
            raise PartitionsFixed(
                f"partitions: {topic.name} has {len(found.partitions)}, not {partitions}"
            )
    missing = [topic for topic in declared() if topic.name not in present]
    wanted = [
        NewTopic(topic.name, partitions, replication, config=topic.config(replication))
        for topic in missing
    ]
    for name, done in (admin.create_topics(wanted) if wanted else {}).items():
        done.result(timeout=TIMEOUT_S)
        lines.append(f"made {name}")
    for topic in declared():
        if topic.name in present:
            lines += _set(
                admin, topic.name, topic.config(len(present[topic.name].partitions[0].replicas))
            )
    return lines


def _set(admin: AdminClient, name: str, config: dict[str, str]) -> list[str]:
    (described,) = admin.describe_configs([ConfigResource(ResourceType.TOPIC, name)]).values()
    actual = described.result(timeout=TIMEOUT_S)
    other = {setting: value for setting, value in config.items() if actual[setting].value != value}
    if not other:
        return []
    entries = [
        ConfigEntry(setting, value, incremental_operation=AlterConfigOpType.SET)
        for setting, value in other.items()
    ]
    (done,) = admin.incremental_alter_configs(
        [ConfigResource(ResourceType.TOPIC, name, incremental_configs=entries)]
    ).values()
    done.result(timeout=TIMEOUT_S)
    return [f"set {setting}={value} of {name}" for setting, value in other.items()]


def _aggregate(message: DescriptorProto) -> str:
    return (
        message.options.Extensions[event_option].topic
        if message.options.HasExtension(event_option)
        else ""
    )
