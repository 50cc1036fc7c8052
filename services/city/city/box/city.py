"""One city on one machine: PostgreSQL, Kafka, databases, migrations, topics, services; up and down
in order.
"""

import asyncio
import os
import sys
import time
from collections.abc import Callable, Mapping
from datetime import date
from itertools import count
from pathlib import Path

import psutil

from city.box import servers
from city.box.balancer import LoadBalancer
from city.box.child import Child, Phase
from city.box.facts import ChildFacts, CityFacts
from city.box.memory_watch import MemoryWatch
from city.box.options import CityOptions
from city.box.replicas import Replica, code
from city.box.republishing import check_finished, republish_pending
from city.box.services import (
    GIVEN,
    Endpoints,
    Service,
    bootstrap,
    databases,
    gateway_url,
    management_url,
)
from city.box.state import State, without_password
from city.box.supervisor import Supervisor
from city.names import NAMES, PARTITIONS, present, variable
from city.operations import topics
from devservers import pair
from devservers.jars import missing
from devservers.kafka import Kafka, MemoryKafka
from devservers.postgres import Postgres, ensure_database
from devservers.process import Missing, StartFailed
from kit.contracts.clock import day_start

# a first start may fetch the jars of Kafka
SERVERS_S = 180.0
SERVICES_S = 180.0
MEASURE_S = 3
BEGIN = date(2026, 1, 1)  # the business clock of a new city; whoever acts in it moves it on


class NotFresh(Exception):
    """The in-memory broker forgets, so it cannot serve a state folder that an earlier city has
    used.
    """


class City:
    """The supervisor's plan. say: receives one line for each thing a person should know."""

    def __init__(self, state: State, options: CityOptions, say: Callable[[str], None]) -> None:
        self.state = state
        self.options = options
        self.say = say
        self.supervisor = Supervisor(say)
        self.endpoints: Endpoints | None = None
        many = options.replicas > 1
        self.balancer = LoadBalancer(state, self.supervisor) if many else None
        self.kafka_kind = GIVEN
        self.server = options.postgres or ""
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
        postgres, server = self._postgres()
        self.state.keep_server(self.options.postgres)
        self.server = server
        brokers = self._brokers(kind)
        self._tasks.append(asyncio.create_task(self._tell()))
        for process in (*postgres, *brokers):
            self.supervisor.add(process, volatile=isinstance(process, MemoryKafka))
        # each as soon as its own server answers: a start is mostly computing
        _, address = await asyncio.gather(self._migrated(postgres, server), self._topics(brokers))
        replication = servers.copies(brokers)
        self.endpoints = Endpoints(server, address, PARTITIONS, replication, self.kafka_kind)
        services = self._services(self.endpoints)
        for service in services:
            self.supervisor.add(service)
        for broker in brokers:
            if isinstance(broker, MemoryKafka):
                self._tasks.append(asyncio.create_task(MemoryWatch(broker, self.supervisor).run()))
        if self.balancer:
            await self.balancer.start()
        await self.supervisor.until_ready(
            [process.name for process in (*services, *postgres)], SERVICES_S * self.options.replicas
        )
        republishing = republish_pending(self.state, self.endpoints, self.say)
        self._tasks.append(asyncio.create_task(republishing))

    async def down(self) -> None:
        """Services drain first, the gateway before the others; then Kafka, then PostgreSQL."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        if self.balancer:
            await self.balancer.stop()
        kafkas = [name for name in self.supervisor.children if "kafka" in name]
        services = {
            child.name: child.process.service
            for child in self.supervisor.children.values()
            if isinstance(child.process, Service)
        }
        gateways = [name for name, service in services.items() if service == "gateway"]
        others = [name for name in services if name not in gateways]
        await self.supervisor.stop(gateways, others, kafkas, list(pair.NAMES))
        self.state.write_city(None)

    def all_ready(self) -> bool:
        """Whether every child is ready."""
        return all(child.phase == Phase.READY for child in self._children())

    async def until_all_ready(self) -> None:
        """Returns when every child is ready."""
        while not self.all_ready():  # noqa: ASYNC110
            await asyncio.sleep(0.2)

    def facts(self) -> CityFacts:
        """What other terminals may know; no secrets."""
        served = {
            child.process.service
            for child in self._children()
            if isinstance(child.process, Service)
        }
        return {
            "pid": os.getpid(),
            "since": self._since,
            "folder": str(self.state.folder),
            "gateway": self.gateway,
            "kafka": self.endpoints.kafka if self.endpoints else None,
            "kafka_kind": self.kafka_kind,
            "postgres": without_password(self.server),
            "children": {child.name: self._facts_of(child) for child in self._children()},
            "ready": set(present()) <= served and self.all_ready(),
        }

    def _facts_of(self, child: Child) -> ChildFacts:
        service = isinstance(child.process, Service)
        return {
            "pid": child.process.pid,
            "phase": child.phase,
            "reason": child.reason,
            "restarts": child.restarts,
            "cpu_s": round(child.past_cpu_s + child.cpu_s, 2),
            "cpu_share": round(child.cpu_share, 3),
            "rss_mb": round(child.rss_mb, 1),
            "endpoint": getattr(child.process, "address", None),
            "management": management_url(self.state, child.name) if service else None,
        }

    def _children(self) -> list[Child]:
        return list(self.supervisor.children.values())

    def _services(self, endpoints: Endpoints) -> list[Service]:
        state = self.state
        many = self.options.replicas
        release = self.options.release
        if self.balancer is None:
            return [Service(state, endpoints, name) for name in present()]
        return [
            Replica(state, endpoints, name, number, many, release)
            for name in present()
            for number in range(1, many + 1)
        ]

    async def _tell(self) -> None:
        for second in count():
            if second % MEASURE_S == 0:
                await asyncio.to_thread(self.supervisor.measure)
            self.state.write_city(self.facts())
            await asyncio.sleep(1)

    def _ports(self) -> None:
        wished = self.options.port
        if wished and self.state.port("gateway", wished) != wished:
            self.say(
                f"port {wished} is taken or this city has another; the gateway answers at "
                f"{self.gateway}"
            )
        for name in NAMES:
            self.state.port(f"{name}.grpc"), self.state.port(f"{name}.management")
        self.state.port("postgres")

    def _kafka_kind(self, fresh: bool) -> str:
        wished = self.options.kafka
        kind = wished
        if wished == "auto":
            kind = "memory" if missing() else "apache"
            if kind == "memory":
                self.say(f"{' and '.join(missing())} not found: Kafka runs in memory")
        if kind == "memory":
            self.say(
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
        if self.options.postgres:
            if self.options.standby:
                raise Missing(
                    "standby: who runs the PostgreSQL of --postgres gives it a standby, "
                    "and both stand in that address"
                )
            return [], self.options.postgres
        server = servers.postgres(self.state, standby=self.options.standby)
        return servers.nodes(server), server.dsn()

    def _brokers(self, kind: str) -> list[Kafka | MemoryKafka]:
        if self.options.brokers > 1 and kind != "apache":
            raise Missing(
                f"brokers: {self.options.brokers} are those of an Apache Kafka of our own, "
                f"not of {kind}"
            )
        if kind == "memory":
            log = self.state.logs / "memory-kafka.log"
            return [MemoryKafka(self.state.folder / "memory-kafka", log=log)]
        if kind == "apache":
            if lacking := missing():
                raise Missing(
                    f"kafka: {' and '.join(lacking)} not found on this machine; install it "
                    "or use --kafka memory"
                )
            return [*servers.brokers(self.state, self.options.brokers)]
        return []

    async def _migrated(self, postgres: list[Postgres], server: str) -> None:
        await self.supervisor.until_ready([process.name for process in postgres[:1]], SERVERS_S)
        for name in present():
            password = self.state.secret(f"{name}.database")
            await ensure_database(server, name, role=name, password=password)
        await self.migrate(self.options.release, server)

    async def migrate(self, release: Path | None, server: str = "") -> None:
        """Brings every database to the newest revision of a release. Raises: StartFailed."""
        began = time.monotonic()
        server = server or (self.endpoints.postgres if self.endpoints else "")
        addresses = databases(self.state, server, present())
        # A child of its own: the supervisor need not carry every service's tables for the rest of
        # its life. By the command, since each release has modules of its own.
        child = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "city", "migrate"),
            env={**_without_databases(os.environ), **addresses, **code(release)},
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
        )
        output, _ = await child.communicate()
        if child.returncode:
            raise StartFailed(f"the migrations failed:\n{output.decode()[-3000:]}")
        self.say(
            f"databases of {len(present())} services at their newest revision "
            f"({time.monotonic() - began:.1f} s)"
        )

    async def _topics(self, brokers: list[Kafka | MemoryKafka]) -> str:
        """Returns the brokers' address."""
        await self.supervisor.until_ready([broker.name for broker in brokers], SERVERS_S)
        for broker in brokers:
            if isinstance(broker, MemoryKafka):
                names = [topic.name for topic in topics.declared()]
                await asyncio.to_thread(broker.create_topics, names)
                return broker.address
        address = ",".join(broker.address for broker in brokers) or self.options.kafka
        made = await asyncio.to_thread(
            topics.apply,
            bootstrap(self.kafka_kind, address),
            partitions=PARTITIONS,
            replication=servers.copies(brokers),
        )
        if made:
            self.say(f"{len(made)} topics made or set")
        return address


def _without_databases(variables: Mapping[str, str]) -> dict[str, str]:
    """The environment without the addresses of databases that are not this city's."""
    others = {"DATABASE", *map(variable, NAMES)}
    return {name: value for name, value in variables.items() if name not in others}
