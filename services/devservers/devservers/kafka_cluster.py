"""Several nodes of Apache Kafka on one machine."""

import time
from pathlib import Path

from confluent_kafka.admin import AdminClient

from devservers.kafka import Kafka, broker_count, new_cluster_id
from devservers.process import StartFailed, free_port


class KafkaCluster:
    """Several nodes on one machine, for tests of replication and fail-over."""

    def __init__(self, data: Path, *, brokers: int = 3, heap_mb: int = 384) -> None:
        voters = {node: free_port() for node in range(1, brokers + 1)}
        identity = new_cluster_id()
        self.brokers = [
            Kafka(
                data / f"node-{node}",
                node=node,
                voters=voters,
                cluster_id=identity,
                heap_mb=heap_mb,
                short_lived=True,
            )
            for node in voters
        ]

    @property
    def address(self) -> str:
        return ",".join(broker.address for broker in self.brokers)

    def start(self, timeout: float = 120) -> None:
        """Spawns all before it waits for any: a controller alone has no majority."""
        for broker in self.brokers:
            broker.prepare()
        for broker in self.brokers:
            broker.spawn()
        admin = AdminClient({"bootstrap.servers": self.address, "log_level": 0})
        deadline = time.monotonic() + timeout
        while not self._complete(admin):
            if time.monotonic() > deadline:
                self.stop()
                last = self.brokers[0].last_lines()
                raise StartFailed(f"the cluster did not answer within {timeout:.0f} s:\n{last}")
            time.sleep(0.1)

    def _complete(self, admin: AdminClient) -> bool:
        answering = all(broker.answers() for broker in self.brokers)
        return answering and broker_count(admin) >= len(self.brokers)

    def stop(self) -> None:
        """Ends all by force: a clean end needs a majority of controllers, and the data are thrown
        away.
        """
        for broker in self.brokers:
            broker.kill()
