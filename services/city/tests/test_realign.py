"""Databases were brought back to an earlier instant while Kafka lived on: new topics hold what is
true and unread, and nothing else.
"""

import asyncio
import uuid
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import asyncpg
import pytest
import pytest_asyncio
from confluent_kafka import Consumer, TopicPartition
from confluent_kafka.admin import AdminClient
from eldercare.assessment.v1.events_pb2 import ApplicationWithdrawn
from google.protobuf.timestamp_pb2 import Timestamp

from city.backup import tail
from city.backup.making import MANIFEST, TAIL, Manifest, NoBackup, Source, backup
from city.backup.positions import consuming
from city.backup.realigning import COPIES, CopiesUnknown, InUse, realign
from city.names import NAMES
from city.operations import topics
from devservers.kafka import Kafka
from devservers.kafka_cluster import KafkaCluster
from devservers.postgres import Postgres, execute
from kit.contracts.clock import Clock
from kit.db.store import Store
from kit.messaging.bootstrap import Bootstrap
from kit.messaging.clusters import cluster_of
from kit.messaging.outbox import emit
from kit.messaging.relay import Relay
from testkit import until
from testkit.brokers import emptied
from testkit.databases import Databases

pytestmark = [pytest.mark.connected, pytest.mark.timeout(300)]
TOPIC, PARTITIONS = "eldercare.application.v1", 2
READ = """insert into position
    ("group", cluster, topic, partition, begin, next, applied, repeated, foreign_, waiting, parked,
     held, gaps, run)
    values ($1, $2, $3, $4, 0, $5, $5, 0, 0, 0, 0, 0, 0, 0)"""


@pytest.fixture
def kafka(kafka: Kafka) -> Iterator[Bootstrap]:
    """The broker of the run, with the topics of a city in which nothing was said yet."""
    with emptied(kafka):
        way = Bootstrap(kafka.address)
        topics.apply(way, partitions=PARTITIONS, replication=1)
        yield way


@pytest_asyncio.fixture
async def databases(database: Databases) -> dict[str, str]:
    return {name: await database(name) for name in NAMES}


@pytest_asyncio.fixture
async def instant(postgres: Postgres, databases: dict[str, str]) -> AsyncIterator[Any]:
    """`await instant()` = the assessment database as it is now, beside the one that lives on."""
    name = f"instant_{uuid.uuid4().hex}"

    async def taken() -> str:
        source = databases["assessment"].rpartition("/")[2]
        await execute(
            postgres.dsn(), f"create database {name} template {source} strategy file_copy"
        )
        return postgres.dsn(name)

    yield taken
    await execute(postgres.dsn(), f"drop database if exists {name} with (force)")


def withdrawn() -> ApplicationWithdrawn:
    at = Timestamp()
    at.GetCurrentTime()
    return ApplicationWithdrawn(
        application_id=str(uuid.uuid4()),
        elder_id=str(uuid.uuid4()),
        area_code="341102001003",
        withdrawn_at=at,
    )


async def say(address: str, kafka: Bootstrap | None, count: int) -> list[str]:
    """Says so many events and has them sent, or leaves them in the outbox; returns their ids."""
    store = Store(address, service="assessment", clock=Clock())
    try:
        async with store.transaction() as session:
            for sequence in range(1, count + 1):
                emit(session, withdrawn(), sequence=sequence)
            ids = [str(message.id) for message in session.messages]
        if kafka is not None:
            relay = Relay(store, kafka)
            running = asyncio.create_task(relay.run())
            await until(lambda: relay.sent >= count, 60)
            relay.stop()
            await running
        return ids
    finally:
        await store.close()


async def read(databases: dict[str, str], cluster: str, following: dict[int, int]) -> None:
    """Every group that hears the topic has read this far."""
    for group in consuming(NAMES)[TOPIC]:
        connection = await asyncpg.connect(databases[group])
        for partition, offset in following.items():
            await connection.execute(READ, group, cluster, TOPIC, partition, offset)
        await connection.close()


def records(kafka: Bootstrap) -> dict[int, list[str]]:
    """Ids by partition, in their order."""
    consumer = Consumer(
        {**kafka.librdkafka(), "group.id": str(uuid.uuid4()), "auto.offset.reset": "earliest"}
    )
    found: dict[int, list[str]] = {}
    try:
        for (_, partition), (begin, end) in tail.bounds(kafka, [TOPIC]).items():
            consumer.assign([TopicPartition(TOPIC, partition, begin)])
            ids = found[partition] = []
            while len(ids) < end - begin:
                message: Any = consumer.poll(20)
                assert message is not None
                ids.append(dict(message.headers())["ce_id"].decode())
    finally:
        consumer.close()
    return found


async def test_new_topics_hold_what_is_unread_and_true_and_nothing_of_the_lost_future(
    kafka: Bootstrap,
    databases: dict[str, str],
    instant: Any,
    tmp_path: Path,
) -> None:
    past = await say(databases["assessment"], kafka, 60)
    cluster = await cluster_of(kafka)
    before = await asyncio.to_thread(records, kafka)
    await read(databases, cluster, {0: 5, 1: len(before[1])})
    unsent = await say(databases["assessment"], None, 3)
    restored = databases | {"assessment": await instant()}
    lost = await say(databases["assessment"], kafka, 40)  # the three too
    folder = tmp_path / "tail"

    await asyncio.to_thread(backup, folder, Source("", kafka, restored), print)
    manifest = Manifest.of(folder)
    epochs = await asyncio.to_thread(realign, folder, manifest, kafka, restored, print)

    after = await asyncio.to_thread(records, kafka)
    assert after == {0: before[0][5:], 1: []}
    assert not {*lost, *unsent} & {*after[0]}
    assert {*after[0]} <= {*past}
    connection = await asyncpg.connect(restored["datacenter"])
    assert await connection.fetch("select partition, begin, next from position order by 1") == [
        (0, 0, 0),
        (1, 0, 0),
    ]
    await connection.close()
    connection = await asyncpg.connect(restored["assessment"])
    assert [
        str(row[0]) for row in await connection.fetch("select id from outbox order by seq")
    ] == unsent
    await connection.close()
    await execute(
        restored["subsidy"], "delete from epoch"
    )  # as if it had been cut off before the last database
    again = await asyncio.to_thread(realign, folder, manifest, kafka, restored, print)
    assert {name: epoch for name, epoch in again.items() if name != "subsidy"} == {
        name: epoch for name, epoch in epochs.items() if name != "subsidy"
    }
    assert await asyncio.to_thread(records, kafka) == after
    assert await asyncio.to_thread(realign, folder, manifest, kafka, restored, print) == again, (
        "once done it changes nothing"
    )


@pytest.fixture
def two_brokers(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bootstrap]:
    """A cluster whose topics have two copies."""
    cluster = KafkaCluster(tmp_path_factory.mktemp("two-brokers"), brokers=2, heap_mb=256)
    cluster.start()
    try:
        way = Bootstrap(cluster.address)
        topics.apply(way, partitions=PARTITIONS, replication=2)
        yield way
    finally:
        cluster.stop()


def delete_topics(kafka: Bootstrap) -> None:
    admin = AdminClient(kafka.librdkafka())
    names = {topic.name for topic in topics.declared()}
    for done in admin.delete_topics(sorted(names)).values():
        done.result(timeout=30)
    while names & admin.list_topics(timeout=30).topics.keys():
        pass


async def test_new_topics_have_as_many_copies_as_the_old_ones_also_after_a_run_that_was_cut_off(
    two_brokers: Bootstrap,
    databases: dict[str, str],
    tmp_path: Path,
) -> None:
    folder = tmp_path / "tail"
    await asyncio.to_thread(backup, folder, Source("", two_brokers, databases), print)

    await asyncio.to_thread(realign, folder, Manifest.of(folder), two_brokers, databases, print)

    assert topics.copies(two_brokers) == 2
    delete_topics(
        two_brokers
    )  # as if it had been cut off before they were made, and before the last database
    await execute(databases["subsidy"], "delete from epoch")
    await asyncio.to_thread(realign, folder, Manifest.of(folder), two_brokers, databases, print)
    assert topics.copies(two_brokers) == 2


async def test_without_topics_somebody_has_to_say_how_many_copies_there_are(
    kafka: Bootstrap,
    databases: dict[str, str],
    tmp_path: Path,
) -> None:
    folder = tmp_path / "tail"
    await asyncio.to_thread(backup, folder, Source("", kafka, databases), print)
    delete_topics(kafka)

    with pytest.raises(CopiesUnknown, match="--replication"):
        await asyncio.to_thread(realign, folder, Manifest.of(folder), kafka, databases, print)

    assert not (folder / COPIES).exists()
    await asyncio.to_thread(
        realign, folder, Manifest.of(folder), kafka, databases, print, replication=1
    )
    assert topics.copies(kafka) == 1


async def test_a_database_that_somebody_uses_begins_no_epoch(
    kafka: Bootstrap, databases: dict[str, str], tmp_path: Path
) -> None:
    folder = tmp_path / "tail"
    await asyncio.to_thread(backup, folder, Source("", kafka, databases), print)
    visitor = await asyncpg.connect(databases["subsidy"])
    try:
        with pytest.raises(InUse, match="subsidy: 1 others are connected"):
            await asyncio.to_thread(realign, folder, Manifest.of(folder), kafka, databases, print)
    finally:
        await visitor.close()


async def test_a_damaged_or_unfinished_backup_is_refused(
    kafka: Bootstrap, databases: dict[str, str], tmp_path: Path
) -> None:
    await say(databases["assessment"], kafka, 5)
    folder = tmp_path / "tail"
    await asyncio.to_thread(backup, folder, Source("", kafka, databases), print)
    with pytest.raises(NoBackup, match="is not empty"):
        await asyncio.to_thread(backup, folder, Source("", kafka, databases), print)

    bytes_ = bytearray((folder / TAIL).read_bytes())
    bytes_[30] ^= 1
    (folder / TAIL).write_bytes(bytes_)

    with pytest.raises(tail.Damaged, match="byte 0"):
        list(tail.read(folder / TAIL))
    with pytest.raises(NoBackup, match="not as it was written"):
        Manifest.of(folder)
    (folder / MANIFEST).unlink()
    with pytest.raises(NoBackup, match="not finished"):
        Manifest.of(folder)
