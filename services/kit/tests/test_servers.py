"""The servers survive what a machine does to them, and die with whoever started them."""

import asyncio
import os
import signal
import socket
import subprocess
import sys
import tempfile
from pathlib import Path

import asyncpg
import psutil
import pytest
from confluent_kafka import Consumer, Producer, TopicPartition
from confluent_kafka.admin import AdminClient
from confluent_kafka.cimpl import NewTopic

from devservers.kafka import Kafka, MemoryKafka, broker_count
from devservers.kafka_cluster import KafkaCluster
from devservers.pair import Pair
from devservers.postgres import Postgres, ensure_database, execute, identifier
from devservers.process import OUTGOING, Process, StartFailed, free_port
from testkit import until


def produced(address: str, topic: str, value: bytes) -> None:
    producer = Producer({"bootstrap.servers": address, "acks": "all", "log_level": 0})
    producer.produce(topic, value, partition=0)
    assert producer.flush(20) == 0


def consumed(address: str, topic: str, count: int) -> list[bytes]:
    consumer = Consumer(
        {
            "bootstrap.servers": address,
            "group.id": "reader",
            "enable.auto.commit": False,
            "log_level": 0,
        }
    )
    consumer.assign([TopicPartition(topic, 0, 0)])
    values = [record.value() for record in consumer.consume(count, timeout=20)]
    consumer.close()
    return [value for value in values if value is not None]


@pytest.mark.skipif(
    not OUTGOING.exists(), reason="only Linux tells which ports are for outgoing connections"
)
def test_a_free_port_is_given_once_and_never_taken_by_an_outgoing_connection() -> None:
    ports = [free_port() for _ in range(300)]

    assert len(set(ports)) == 300
    assert max(ports) < int(OUTGOING.read_text().split()[0])


async def test_a_killed_postgres_comes_back_with_what_was_committed(tmp_path: Path) -> None:
    cluster = Postgres(tmp_path / "data", password="it's secret")
    cluster.start()
    address = cluster.address
    await execute(cluster.dsn(), "create table kept (n int)", "insert into kept values (7)")

    cluster.kill()
    assert cluster.pid is None
    cluster.start()

    connection = await asyncpg.connect(cluster.dsn())
    assert await connection.fetchval("select n from kept") == 7
    await connection.close()
    assert cluster.address == address
    cluster.stop()
    assert cluster.exit_code == 0


async def test_a_guarded_postgres_refuses_who_does_not_know_the_password(tmp_path: Path) -> None:
    cluster = Postgres(tmp_path / "data", password="right")
    cluster.start()
    with pytest.raises(asyncpg.InvalidPasswordError):
        await asyncpg.connect(cluster.dsn(password="wrong"))
    cluster.stop()


async def test_postgres_listens_on_loopback_alone(postgres: Postgres) -> None:
    connections = psutil.Process(postgres.pid).net_connections(kind="tcp")
    listening = {
        connection.laddr.ip for connection in connections if connection.status == psutil.CONN_LISTEN
    }

    assert listening == {"127.0.0.1"}


async def test_a_role_cannot_enter_the_database_of_another(postgres: Postgres) -> None:
    for name in ("ours", "theirs"):
        await ensure_database(postgres.dsn(), name, role=name, password=name)
        await ensure_database(postgres.dsn(), name, role=name, password=name)

    await execute(postgres.dsn("ours", user="ours", password="ours"), "create table mine (n int)")
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        await asyncpg.connect(postgres.dsn("theirs", user="ours", password="ours"))


@pytest.mark.parametrize("name", ["Robert'); drop table students", "", "1st", "a" * 64])
def test_a_name_that_would_need_quotes_is_refused(name: str) -> None:
    with pytest.raises(ValueError, match="plain lower-case SQL name"):
        identifier(name)


def test_a_restarted_kafka_has_kept_its_records_and_its_address(own_kafka: Kafka) -> None:
    admin = AdminClient({"bootstrap.servers": own_kafka.address, "log_level": 0})
    admin.create_topics([NewTopic("kept", 1, 1)])["kept"].result(20)
    produced(own_kafka.address, "kept", b"first")
    address = own_kafka.address

    own_kafka.kill()
    own_kafka.start()

    assert own_kafka.address == address
    assert consumed(address, "kept", 1) == [b"first"]


@pytest.mark.connected
@pytest.mark.timeout(240)
def test_a_cluster_of_three_goes_on_without_one(tmp_path: Path) -> None:
    cluster = KafkaCluster(tmp_path / "kafka", brokers=3, heap_mb=256)
    cluster.start()
    try:
        admin = AdminClient({"bootstrap.servers": cluster.address, "log_level": 0})
        assert broker_count(admin) == 3
        admin.create_topics([NewTopic("kept", 1, 3)])["kept"].result(30)
        produced(cluster.address, "kept", b"before")

        cluster.brokers[0].kill()
        produced(cluster.address, "kept", b"after")

        assert consumed(cluster.address, "kept", 2) == [b"before", b"after"]
    finally:
        cluster.stop()


def test_the_broker_in_memory_makes_four_partitions_at_the_first_mention(
    memory_kafka: MemoryKafka,
) -> None:
    memory_kafka.create_topics(["named"])

    topics = (
        AdminClient({"bootstrap.servers": memory_kafka.address, "log_level": 0})
        .list_topics(timeout=5)
        .topics
    )
    assert len(topics["named"].partitions) == 4
    produced(memory_kafka.address, "named", b"first")
    assert consumed(memory_kafka.address, "named", 1) == [b"first"]


def test_a_child_dies_with_its_parent_even_when_that_is_killed(tmp_path: Path) -> None:
    code = (
        "import sys, time; from pathlib import Path; from devservers.kafka import MemoryKafka\n"
        "broker = MemoryKafka(Path(sys.argv[1])); broker.start(); print(broker.pid, "
        "flush=True); time.sleep(600)"
    )
    parent = subprocess.Popen(
        [sys.executable, "-c", code, str(tmp_path / "data")], stdout=subprocess.PIPE, text=True
    )
    assert parent.stdout is not None
    with parent.stdout:
        child = int(parent.stdout.readline())

    parent.send_signal(signal.SIGKILL)
    parent.wait()

    asyncio.run(until(lambda: gone(child)))


def gone(pid: int) -> bool:
    return not psutil.pid_exists(pid) or psutil.Process(pid).status() == psutil.STATUS_ZOMBIE


class Family(Process):
    """Has a child of its own in its group, and ignores SIGTERM."""

    def command(self) -> list[str]:
        code = (
            "import signal, subprocess, sys, time; signal.signal(signal.SIGTERM, signal.SIG_IGN)\n"
        )
        code += (
            "print(subprocess.Popen([sys.executable, '-c', 'import time; "
            "time.sleep(600)']).pid, flush=True); time.sleep(600)"
        )
        return [sys.executable, "-c", code]

    def answers(self) -> bool:
        return bool(self.last_lines())


async def test_stopping_ends_the_whole_family_even_one_that_does_not_listen(tmp_path: Path) -> None:
    family = Family("family", tmp_path / "log")
    family.start()
    grandchild = int(family.last_lines())

    family.stop(timeout=0.2)

    assert family.exit_code == -signal.SIGKILL
    await until(lambda: gone(grandchild))


def test_a_server_that_cannot_start_gives_the_reason(tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        cluster = Postgres(tmp_path / "data", port=taken.getsockname()[1])
        with pytest.raises(StartFailed, match="Address already in use"):
            cluster.start()


def test_without_maven_and_java_kafka_names_what_is_missing(tmp_path: Path) -> None:
    bare = {**os.environ, "PATH": str(tmp_path), "XDG_CACHE_HOME": str(tmp_path)}
    code = "from devservers.jars import fetch_jars; fetch_jars()"

    done = subprocess.run(
        [sys.executable, "-c", code], env=bare, capture_output=True, text=True, check=False
    )

    assert "Apache Kafka needs java and mvn" in done.stderr
    assert "--kafka memory" in done.stderr


async def written_to(pair: Pair) -> str:
    """The address of the server that the pair's address leads to."""
    connection = await asyncpg.connect(pair.dsn())
    try:
        return f"127.0.0.1:{await connection.fetchval('select inet_server_port()')}"
    finally:
        await connection.close()


@pytest.mark.timeout(180)
async def test_what_was_committed_outlives_the_primary_and_then_its_successor() -> None:
    with tempfile.TemporaryDirectory(
        prefix="eldercare-pair-", ignore_cleanup_errors=True
    ) as folder:
        pair = Pair(Path(folder), password="it's secret")
        pair.start()
        try:
            await ensure_database(pair.dsn(), "ours", role="ours", password="a b")
            ours = pair.dsn("ours", user="ours", password="a b")
            await execute(ours, "create table kept (n int)")
            for turn in range(1, 3):
                await execute(ours, f"insert into kept values ({turn})")  # noqa: S608
                dead, heir = pair.primary, pair.standby

                dead.kill()
                assert (
                    dead.lost()
                    == f"{heir.name} is promoted; {dead.name} is made anew as its standby"
                )

                assert await written_to(pair) == heir.address
                await execute(
                    ours, "insert into kept values (0)"
                )  # nobody waits for a standby that is not there
                dead.start()
                assert pair.attached
                connection = await asyncpg.connect(ours)
                assert await connection.fetchval("select sum(n) from kept") == sum(range(turn + 1))
                assert (
                    await connection.fetchval("show synchronous_standby_names") == f'"{dead.name}"'
                )
                await connection.close()
        finally:
            pair.stop()
        again = Pair(
            Path(folder), ports=(pair.nodes[0].port, pair.nodes[1].port), password="it's secret"
        )
        assert (again.primary.name, again.turns) == (pair.primary.name, 2)
        again.start()
        try:
            assert await written_to(again) == pair.primary.address
        finally:
            again.stop()


@pytest.mark.timeout(120)
async def test_a_commit_waits_for_a_standby_that_is_away_and_such_a_standby_is_not_promoted() -> (
    None
):
    with tempfile.TemporaryDirectory(
        prefix="eldercare-pair-", ignore_cleanup_errors=True
    ) as folder:
        pair = Pair(Path(folder), password="secret")
        pair.start()
        try:
            await execute(pair.dsn(), "create table kept (n int)")
            pair.standby.kill()
            pair.standby.lost()
            connection = await asyncpg.connect(pair.dsn())
            commit = asyncio.create_task(connection.execute("insert into kept values (7)"))
            waits = "select count(*) from pg_stat_activity where wait_event = 'SyncRep'"
            await until(lambda: pair.primary.asked(waits) == "1", what="the commit waits")

            dead = pair.primary
            dead.kill()
            assert dead.lost() == "postgres-2 may lack something and is not promoted"
            with pytest.raises((asyncpg.PostgresError, OSError)):  # nobody learnt of the commit
                await commit
            assert pair.primary is dead
            dead.start()
            pair.standby.start()
            await execute(pair.dsn(), "insert into kept values (8)")
            assert pair.attached
        finally:
            pair.stop()
