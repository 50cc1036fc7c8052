"""One city on one machine: PostgreSQL, Kafka, databases, migrations, topics, services; up and down
in order.
"""

import asyncio
import os
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import count
from pathlib import Path
from typing import Any

import psutil

from city import servers, topics
from city.backup.resay import check_finished, resay_pending
from city.brokers import MemoryWatch
from city.names import DEFAULT_PORT, NAMES, PARTITIONS, present
from city.replicas import Balance, Replica, code
from city.services import GIVEN, Places, Service, database, gateway_url, guarded, management_url
from city.state import State, told_dsn
from city.supervisor import Phase, Supervisor
from devservers import pair
from devservers.kafka import Kafka, MemoryKafka, missing
from devservers.postgres import Postgres, ensure_database
from devservers.process import Missing, StartFailed
from kit.contracts.clock import day_start
from kit.messaging.bootstrap import Bootstrap

MOST_COPIES = 3  # of a record
SERVERS_S, SERVICES_S = 180.0, 180.0  # a first start may fetch the jars of Kafka
MEASURE_S = 3
BEGIN = date(2026, 1, 1)  # the business clock of a new city; whoever acts in it moves it on


class NotFresh(Exception):
    """The in-memory broker forgets, so it cannot serve a state folder that an earlier city has
    used.
    """


@dataclass(frozen=True)
class Wishes:
    """What the command line asks for.

    kafka: auto, apache, memory or host:port. postgres: a superuser's DSN; None for the embedded
    one. brokers: of an Apache Kafka of our own; a topic has a copy on each of up to three. standby:
    a second embedded PostgreSQL that every commit waits for. replicas: processes of each service.
    release: the folder of another release, whose code the services run until they are upgraded.
    """

    kafka: str = "auto"
    postgres: str | None = None
    port: int = DEFAULT_PORT
    brokers: int = 1
    standby: bool = False
    replicas: int = 1
    release: Path | None = None


class City:
    """The supervisor's plan. said: receives one line for each thing a person should know."""

    def __init__(self, state: State, wishes: Wishes, said: Callable[[str], None]) -> None:
        self.state = state
        self.wishes = wishes
        self.said = said
        self.supervisor = Supervisor(said)
        self.places: Places | None = None
        self.balance = Balance(state, self.supervisor) if wishes.replicas > 1 else None
        self.kafka_kind = GIVEN
        self.server = wishes.postgres or ""
        self._tasks: list[asyncio.Task[None]] = []
        self._since = psutil.Process().create_time()

    @property
    def gateway(self) -> str:
        return gateway_url(self.state)

    async def up(self) -> None:
        """Returns when every service is ready. Raises: Missing, StartFailed, NotFresh."""
        check_finished(self.state)
        fresh = self.state.fresh
        kind = self._kafka_kind(fresh)
        self._ports()
        self.state.begin_clock(day_start(BEGIN))
        databases, server = self._postgres()
        self.state.keep_server(self.wishes.postgres)
        self.server = server
        brokers = self._brokers(kind)
        self._tasks.append(asyncio.create_task(self._tell()))
        for process in (*databases, *brokers):
            self.supervisor.add(process, volatile=isinstance(process, MemoryKafka))
        # each as soon as its own server answers: most of a start is spent on two cores' worth of
        # computing
        _, address = await asyncio.gather(self._migrated(databases, server), self._topics(brokers))
        self.places = Places(server, address, PARTITIONS, copies(brokers), self.kafka_kind)
        services = self._services(self.places)
        for service in services:
            self.supervisor.add(service)
        for broker in brokers:
            if isinstance(broker, MemoryKafka):
                self._tasks.append(asyncio.create_task(MemoryWatch(broker, self.supervisor).run()))
        if self.balance:
            await self.balance.start()
        await self.supervisor.until_ready(
            [process.name for process in (*services, *databases)], SERVICES_S * self.wishes.replicas
        )
        self._tasks.append(asyncio.create_task(resay_pending(self.state, self.places, self.said)))

    async def down(self) -> None:
        """Services drain first, the gateway before the others; then Kafka, then PostgreSQL."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        if self.balance:
            await self.balance.stop()
        kafkas = [name for name in self.supervisor.children if "kafka" in name]
        services = {
            child.name: child.process.service
            for child in self.supervisor.children.values()
            if isinstance(child.process, Service)
        }
        gateways = [name for name, service in services.items() if service == "gateway"]
        await self.supervisor.stop(
            gateways, [name for name in services if name not in gateways], kafkas, list(pair.NAMES)
        )
        self.state.write_city({})

    def facts(self) -> dict[str, Any]:
        """What other terminals may know; no secrets. endpoint: gRPC of a service, HTTP of a
        gateway, the port of a server.
        """
        children = {
            child.name: {
                "pid": child.process.pid,
                "phase": child.phase,
                "reason": child.reason,
                "restarts": child.restarts,
                "cpu_s": round(child.past_cpu_s + child.cpu_s, 2),
                "cpu_share": round(child.cpu_share, 3),
                "rss_mb": round(child.rss_mb, 1),
                "endpoint": getattr(child.process, "address", None),
                "management": management_url(self.state, child.name)
                if isinstance(child.process, Service)
                else None,
            }
            for child in list(self.supervisor.children.values())
        }
        return {
            "pid": os.getpid(),
            "since": self._since,
            "folder": str(self.state.folder),
            "gateway": self.gateway,
            "kafka": self.places.kafka if self.places else None,
            "kafka_kind": self.kafka_kind,
            "postgres": told_dsn(self.server),
            "children": children,
            "ready": set(present()) <= self._served()
            and all(child["phase"] == Phase.READY for child in children.values()),
        }

    def _served(self) -> set[str]:
        return {
            child.process.service
            for child in list(self.supervisor.children.values())
            if isinstance(child.process, Service)
        }

    def _services(self, places: Places) -> list[Service]:
        many, release = self.wishes.replicas, self.wishes.release
        if self.balance is None:
            return [Service(self.state, places, name) for name in present()]
        numbers = range(1, many + 1)
        return [
            Replica(self.state, places, name, number, many, release)
            for name in present()
            for number in numbers
        ]

    async def _tell(self) -> None:
        for second in count():
            if second % MEASURE_S == 0:
                await asyncio.to_thread(self.supervisor.measure)
            self.state.write_city(self.facts())
            await asyncio.sleep(1)

    def _ports(self) -> None:
        wished = self.wishes.port
        if wished and self.state.port("gateway", wished) != wished:
            self.said(
                f"port {wished} is taken or this city has another; the gateway answers at "
                f"{self.gateway}"
            )
        for name in NAMES:
            self.state.port(f"{name}.grpc"), self.state.port(f"{name}.management")
        self.state.port("postgres")

    def _kafka_kind(self, fresh: bool) -> str:
        wished = self.wishes.kafka
        kind = wished
        if wished == "auto":
            kind = "memory" if missing() else "apache"
            if kind == "memory":
                self.said(f"{' and '.join(missing())} not found: Kafka runs in memory")
        if kind == "memory":
            self.said(
                "Kafka in memory forgets everything when it ends; a restart needs a fresh "
                "state folder"
            )
            if not fresh:
                raise NotFresh(
                    "kafka: the broker in memory needs a fresh state folder; "
                    f"{self.state.folder} has been used; add --fresh"
                )
        self.kafka_kind = kind if kind in ("apache", "memory") else GIVEN
        return kind

    def _postgres(self) -> tuple[list[Postgres], str]:
        """The processes, the one that is written to first, and the superuser's address."""
        if self.wishes.postgres:
            if self.wishes.standby:
                raise Missing(
                    "standby: who runs the PostgreSQL of --postgres gives it a standby, "
                    "and both stand in that address"
                )
            return [], self.wishes.postgres
        server = servers.postgres(self.state, standby=self.wishes.standby)
        return servers.nodes(server), server.dsn()

    def _brokers(self, kind: str) -> list[Kafka | MemoryKafka]:
        if self.wishes.brokers > 1 and kind != "apache":
            raise Missing(
                f"brokers: {self.wishes.brokers} are those of an Apache Kafka of our own, "
                f"not of {kind}"
            )
        if kind == "memory":
            return [
                MemoryKafka(
                    self.state.folder / "memory-kafka", log=self.state.logs / "memory-kafka.log"
                )
            ]
        if kind == "apache":
            if lacking := missing():
                raise Missing(
                    f"kafka: {' and '.join(lacking)} not found on this machine; install it "
                    "or use --kafka memory"
                )
            return [*servers.brokers(self.state, self.wishes.brokers)]
        return []

    async def _migrated(self, databases: list[Postgres], server: str) -> None:
        await self.supervisor.until_ready([process.name for process in databases[:1]], SERVERS_S)
        for name in present():
            await ensure_database(
                server, name, role=name, password=self.state.secret(f"{name}.database")
            )
        await self.migrate(self.wishes.release, server)

    async def migrate(self, release: Path | None, server: str = "") -> None:
        """Brings every database to the newest revision of a release. Raises: StartFailed."""
        began = time.monotonic()
        server = server or (self.places.postgres if self.places else "")
        # a child of its own: the supervisor need not carry every service's tables for the rest of
        # its life
        variables = {
            f"{name.upper()}_DATABASE": database(self.state, server, name) for name in present()
        }
        child = await asyncio.create_subprocess_exec(
            sys.executable,
            "-m",
            "city.migrate",
            *present(),
            env={**os.environ, **variables, **code(release)},
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
        )
        output, _ = await child.communicate()
        if child.returncode:
            raise StartFailed(f"the migrations failed:\n{output.decode()[-3000:]}")
        self.said(
            f"databases of {len(present())} services at their newest revision "
            f"({time.monotonic() - began:.1f} s)"
        )

    async def _topics(self, brokers: list[Kafka | MemoryKafka]) -> str:
        """Returns the brokers' address."""
        await self.supervisor.until_ready([broker.name for broker in brokers], SERVERS_S)
        for broker in brokers:
            if isinstance(broker, MemoryKafka):
                await asyncio.to_thread(
                    broker.create_topics, [topic.name for topic in topics.declared()]
                )
                return broker.address
        address = ",".join(broker.address for broker in brokers) or self.wishes.kafka
        bootstrap = Bootstrap(address) if brokers else guarded(address)
        made = await asyncio.to_thread(
            topics.apply, bootstrap, partitions=PARTITIONS, replication=copies(brokers)
        )
        if made:
            self.said(f"{len(made)} topics made or set")
        return address


def copies(brokers: Sequence[object]) -> int:
    """On how many brokers a record lies."""
    return max(1, min(MOST_COPIES, len(brokers)))
