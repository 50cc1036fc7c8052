"""The contracts decide which topics there are; applying them is repeatable and never changes a
number of partitions.
"""

import os
import subprocess
import sys
from collections.abc import Iterator
from importlib import import_module

import pytest
from confluent_kafka.admin import AdminClient, ConfigEntry, ConfigResource, ResourceType
from confluent_kafka.cimpl import NewTopic

from city.operations import topics
from city.operations.snapshots import OWNERS, NotOwned, owner
from city.operations.status import difference
from devservers.kafka import Kafka
from kit.messaging.bootstrap import Bootstrap
from testkit import until
from testkit.brokers import emptied


def test_every_topic_of_a_master_is_compacted_and_no_other() -> None:
    compacted = {topic.name.split(".")[1] for topic in topics.declared() if topic.compacted}

    assert compacted == topics.COMPACTED


def test_every_master_has_an_owner_who_can_say_it_again() -> None:
    published = {
        name: service
        for service in set(OWNERS.values())
        for name in import_module(f"{service}.snapshots").SNAPSHOT_SOURCES
    }

    assert published == {name: owner(name) for name in topics.COMPACTED}
    with pytest.raises(NotOwned, match="order is none of"):
        owner("order")


@pytest.fixture
def bare_kafka(kafka: Kafka) -> Iterator[Kafka]:
    """The broker of the run, without topics."""
    with emptied(kafka):
        yield kafka


@pytest.mark.connected
async def test_applying_makes_what_is_missing_then_nothing_then_what_was_changed(
    bare_kafka: Kafka,
) -> None:
    made = topics.apply(bare_kafka.address, partitions=2, replication=1)
    assert made == [f"made {topic.name}" for topic in topics.declared()]
    assert topics.apply(bare_kafka.address, partitions=2, replication=1) == []

    admin = AdminClient({"bootstrap.servers": bare_kafka.address, "log_level": 0})
    short = ConfigResource(
        ResourceType.TOPIC,
        "eldercare.order.v1",
        incremental_configs=[
            ConfigEntry("retention.ms", "1000", incremental_operation=topics.AlterConfigOpType.SET),
        ],
    )
    admin.incremental_alter_configs([short])[short].result(20)
    # a changed setting reaches the broker's own view a moment after it was accepted
    lines = await until(lambda: topics.apply(bare_kafka.address, partitions=2, replication=1))
    assert lines == [f"set retention.ms={topics.WEEK_MS} of eldercare.order.v1"]

    with pytest.raises(topics.PartitionsFixed, match=r"eldercare\.\w+\.v1 has 2, not 3"):
        topics.apply(bare_kafka.address, partitions=3, replication=1)


@pytest.mark.connected
@pytest.mark.parametrize("door", ["BOTH", "WORD"])
def test_topics_are_made_through_a_guarded_door_by_the_settings_of_the_environment(
    door: str, guarded: dict[str, Bootstrap]
) -> None:
    way = guarded[door]
    variables = {
        "KAFKA": way.brokers,
        "KAFKA_SECURITY": way.security,
        "KAFKA_MECHANISM": way.mechanism or "",
        "KAFKA_USERNAME": way.username or "",
        "KAFKA_PASSWORD": way.password or "",
        "KAFKA_CA": str(way.ca or ""),
        "PARTITIONS": "1",
    }
    command = [sys.executable, "-m", "city", "topics", "apply"]

    done, half = (
        subprocess.run(
            command, env=os.environ | variables | wrong, capture_output=True, text=True, check=False
        )
        for wrong in ({}, {"KAFKA_USERNAME": ""})
    )

    present = (
        AdminClient({"bootstrap.servers": guarded["OPEN"].brokers}).list_topics(timeout=10).topics
    )
    assert done.returncode == 0, done.stderr
    assert {topic.name for topic in topics.declared()} <= present.keys()
    assert (half.returncode, half.stderr) == (
        2,
        f"setting KAFKA_USERNAME: Value error, is needed with KAFKA_SECURITY={way.security}\n",
    )


@pytest.mark.connected
async def test_foreign_topics_are_left_alone(bare_kafka: Kafka) -> None:
    admin = AdminClient({"bootstrap.servers": bare_kafka.address, "log_level": 0})
    admin.create_topics([NewTopic("somebody.elses", 7, 1)])["somebody.elses"].result(20)
    # a topic reaches the broker's own view a moment after it was made
    await until(lambda: "somebody.elses" in admin.list_topics(timeout=10).topics)

    topics.apply(bare_kafka.address, partitions=1, replication=1)

    assert len(admin.list_topics(timeout=10).topics["somebody.elses"].partitions) == 7


def test_a_record_that_vanished_is_shown_with_its_place() -> None:
    fates = {"applied": 5, "repeated": 1, "foreign": 2, "waiting": 1, "parked": 1, "held": 0}
    position = {"topic": "eldercare.order.v1", "partition": 3, "begin": 10, "next": 20, **fates}

    assert difference(position) == ""
    assert difference(position | {"applied": 4}) == (
        "eldercare.order.v1/3: 10 records taken, 9 accounted for (applied=4 repeated=1 "
        "foreign=2 waiting=1 parked=1)"
    )
