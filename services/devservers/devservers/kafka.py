"""Kafka on one machine: Apache Kafka (KRaft) from its Maven jars, or the in-memory broker inside
librdkafka.
"""

import base64
import json
import subprocess
import sys
import tempfile
import uuid
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypedDict

from confluent_kafka import KafkaException
from confluent_kafka.admin import AdminClient

from devservers import kafka_classes
from devservers.jars import fetch_jars
from devservers.process import Process, StartFailed, free_port, listens


@dataclass(frozen=True)
class Listener:
    """One more listener of a node. protocol: SSL, SASL_PLAINTEXT or SASL_SSL. properties: its own,
    without the prefix of the listener.
    """

    protocol: str
    properties: Mapping[str, str] = field(default_factory=dict)


class Chosen(TypedDict):
    """What a node keeps for all its life, in `node.json`: ports by controller and by listener."""

    port: int
    voters: dict[int, int]
    cluster_id: str
    doors: dict[str, int]


class Kafka(Process):
    """One Apache Kafka node, broker and controller in one, on 127.0.0.1. Its data survive any
    restart, a SIGKILL included.

    voters: node id → controller port of every node of the cluster, this one included; None for a
    cluster of one. heap_mb: the JVM's heap. doors: guarded listeners by name, beside the open one;
    users: password by name of those with SCRAM-SHA-512. short_lived: it starts with half the work
    and serves with less speed.
    """

    def __init__(
        self,
        data: Path,
        *,
        port: int = 0,
        node: int = 1,
        voters: dict[int, int] | None = None,
        cluster_id: str | None = None,
        heap_mb: int = 512,
        short_lived: bool = False,
        log: Path | None = None,
        doors: Mapping[str, Listener] | None = None,
        users: Mapping[str, str] | None = None,
    ) -> None:
        self.data = data.absolute()
        super().__init__(
            f"kafka-{node}" if voters else "kafka",
            log or self.data.parent / f"{self.data.name}.log",
        )
        self.port = port
        self.node = node
        self.heap_mb = heap_mb
        self.short_lived = short_lived
        self._doors = doors or {}
        self._users = users or {}
        self._behind: dict[str, int] = {}  # port by name of a door
        self._voters = voters
        self._cluster_id = cluster_id
        self._admin: AdminClient | None = None

    @property
    def address(self) -> str:
        """host:port for clients."""
        return f"127.0.0.1:{self.port}"

    def address_of(self, door: str) -> str:
        """host:port behind a door."""
        return f"127.0.0.1:{self._behind[door]}"

    def prepare(self) -> None:
        """Fetches the jars and keeps their classes, chooses the ports and formats the storage; each
        only the first time.
        """
        self._jars = fetch_jars()
        self._keep_classes()
        self.data.mkdir(parents=True, exist_ok=True)
        self.data.chmod(0o700)  # records hold who was visited when; umasks differ
        kept = self.data / "node.json"
        is_new = not kept.exists()
        chosen: Chosen = self._chosen() if is_new else json.loads(kept.read_text())
        self.port = self.port or chosen["port"]
        self._behind = chosen.get("doors", {})
        voters = {int(node): port for node, port in chosen["voters"].items()}
        self._configuration.write_text(self._properties(voters))
        if is_new:
            self._format(chosen["cluster_id"])
            kept.write_text(json.dumps(chosen))

    def _keep_classes(self) -> None:
        """By a broker of its own, which starts and ends. Where it fails, all start without."""
        kept = kafka_classes.kept()
        if kept.exists():
            return
        with (
            suppress(StartFailed, OSError),
            tempfile.TemporaryDirectory(dir=kept.parent) as scratch,
        ):
            reader = _Reader(Path(scratch, "data"))
            reader.start(timeout=120)
            reader.stop(timeout=120)
            reader.classes.rename(kept)

    @property
    def _configuration(self) -> Path:
        return self.data / "server.properties"

    def _chosen(self) -> Chosen:
        return {
            "port": self.port or free_port(),
            "voters": self._voters or {self.node: free_port()},
            "cluster_id": self._cluster_id or new_cluster_id(),
            "doors": {name: free_port() for name in self._doors},
        }

    def _format(self, cluster_id: str) -> None:
        java = self._java(128, kafka_classes.read(), short_lived=True)
        command = [*java, "kafka.tools.StorageTool", "format", "--ignore-formatted"]
        command += ["-t", cluster_id, "-c", str(self._configuration)]
        for name, password in self._users.items():
            command += ["--add-scram", f"SCRAM-SHA-512=[name={name},password={password}]"]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        if done.returncode:
            printed = f"{done.stdout}{done.stderr}"
            raise StartFailed(f"Kafka's storage could not be formatted:\n{printed}")

    def _properties(self, voters: dict[int, int]) -> str:
        copies = min(3, len(voters))
        least = max(1, copies - 1)
        quorum = [f"{node}@127.0.0.1:{port}" for node, port in voters.items()]
        beside = "".join(f",{name}://{self.address_of(name)}" for name in self._doors)
        protocols = [f"{name}:{door.protocol}" for name, door in self._doors.items()]
        settings: dict[str, object] = {
            "process.roles": "broker,controller",
            "node.id": self.node,
            "controller.quorum.voters": ",".join(quorum),
            "listeners": (
                f"PLAINTEXT://127.0.0.1:{self.port},"
                f"CONTROLLER://127.0.0.1:{voters[self.node]}{beside}"
            ),
            "advertised.listeners": f"PLAINTEXT://127.0.0.1:{self.port}{beside}",
            "listener.security.protocol.map": ",".join(
                ["PLAINTEXT:PLAINTEXT", "CONTROLLER:PLAINTEXT", *protocols]
            ),
            "controller.listener.names": "CONTROLLER",
            "log.dirs": self.data / "logs",
            "auto.create.topics.enable": "false",
            "default.replication.factor": copies,
            "min.insync.replicas": least,
            "offsets.topic.replication.factor": copies,
            # the default of 50 makes starting and the first join slow
            "offsets.topic.num.partitions": 4,
            "transaction.state.log.replication.factor": copies,
            "transaction.state.log.min.isr": least,
            "transaction.state.log.num.partitions": 1,
            "share.coordinator.state.topic.replication.factor": copies,
            "share.coordinator.state.topic.min.isr": least,
            "share.coordinator.state.topic.num.partitions": 1,
            # a killed broker may come back only after it; the default is 9 s
            "broker.session.timeout.ms": 6_000,
            "broker.heartbeat.interval.ms": 1_000,
            "group.initial.rebalance.delay.ms": 0,
            # a test does not wait for the default, 6 s, until somebody frozen counts as gone
            "group.min.session.timeout.ms": 1_000,
            # the default of 128 MB is a quarter of our heap
            "log.cleaner.dedupe.buffer.size": 32 * 1024 * 1024,
            "log.retention.check.interval.ms": 60_000,
            "num.network.threads": 2,
            "num.io.threads": 4,
        }
        # a node alone has no followers to tell twice a second that nothing happened: a third of
        # what it does at rest
        if len(voters) == 1:
            settings["metadata.max.idle.interval.ms"] = 0
        for name, door in self._doors.items():
            settings |= {
                f"listener.name.{name.lower()}.{key}": value
                for key, value in door.properties.items()
            }
        return "".join(f"{name}={value}\n" for name, value in settings.items())

    def _java(self, heap_mb: int, classes: str, *, short_lived: bool) -> list[str]:
        flags = [
            f"-Xms{heap_mb // 2}m",
            f"-Xmx{heap_mb}m",
            "-XX:+UseSerialGC",
            "-Djava.awt.headless=true",
            classes,
        ]
        # without the second compiler: 3.6 instead of 5.8 s of CPU until it answers
        if short_lived:
            flags.append("-XX:TieredStopAtLevel=1")
        flags += [
            "-Dorg.slf4j.simpleLogger.defaultLogLevel=warn",
            "-Dorg.slf4j.simpleLogger.showDateTime=true",
        ]
        return ["java", *flags, "-cp", f"{self._jars}/*"]

    def command(self) -> list[str]:
        java = self._java(self.heap_mb, self._classes(), short_lived=self.short_lived)
        return [*java, "kafka.Kafka", str(self._configuration)]

    def _classes(self) -> str:
        return kafka_classes.read()

    def answers(self) -> bool:
        if self.pid is None or not listens(self.port):
            return False
        if self._admin is None:
            self._admin = AdminClient({"bootstrap.servers": self.address, "log_level": 0})
        # the controllers have taken it in: partitions may be given to it
        return self.node in broker_ids(self._admin)

    def stop(self, timeout: float = 30) -> None:
        """Of a cluster the last ones by force: a clean end needs a majority of controllers. The log
        itself survives both.
        """
        self._admin = None  # or it goes on knocking at a closed door
        super().stop(min(timeout, 5) if self._voters else timeout)


class _Reader(Kafka):
    """Lives for the classes that it reads, and leaves them in `classes`."""

    def __init__(self, data: Path) -> None:
        super().__init__(data, short_lived=True)
        self.classes = data.with_name("classes")

    def _keep_classes(self) -> None:
        """It is the one who does."""

    def _classes(self) -> str:
        return kafka_classes.written(self.classes)


class MemoryKafka(Process):
    """The broker inside librdkafka, for machines without Java.

    It forgets everything when it ends, keeps about 5 MB a partition, gives every topic 4 partitions
    at its first mention and knows no CreateTopics.
    """

    def __init__(self, data: Path, *, log: Path | None = None) -> None:
        self.data = data.absolute()
        super().__init__("memory-kafka", log or self.data.parent / "memory-kafka.log")
        self.address = ""

    def prepare(self) -> None:
        self.data.mkdir(parents=True, exist_ok=True)
        self.data.chmod(0o700)  # records hold who was visited when; umasks differ
        (self.data / "address").unlink(missing_ok=True)

    def command(self) -> list[str]:
        return [sys.executable, "-m", "devservers.memory", str(self.data / "address")]

    def answers(self) -> bool:
        written = self.data / "address"
        if self.pid is None or not written.exists():
            return False
        self.address = written.read_text().strip()
        return bool(self.address)

    def create_topics(self, names: Sequence[str]) -> None:
        """Mentions each topic, which is how this broker makes them. Raises: KafkaException."""
        admin = AdminClient(
            {"bootstrap.servers": self.address, "allow.auto.create.topics": "true", "log_level": 0}
        )
        for name in names:
            admin.list_topics(name, timeout=10)


def new_cluster_id() -> str:
    """22 characters as Kafka wants them; "0" first, since a leading "-" looks like an option."""
    return "0" + base64.urlsafe_b64encode(uuid.uuid4().bytes).decode()[1:22]


def broker_ids(admin: AdminClient) -> frozenset[int]:
    """The nodes that the metadata names; none while nobody answers. Blocks for two seconds."""
    try:
        return frozenset(admin.list_topics(timeout=2).brokers)
    except KafkaException:
        return frozenset()


def broker_count(admin: AdminClient) -> int:
    """How many brokers the metadata names; 0 while nobody answers. Blocks for two seconds."""
    return len(broker_ids(admin))
