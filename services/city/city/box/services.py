"""The services of a city on one machine: where they answer, the environment each starts with."""

import json
import os
import sys
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from city.box.state import State, role_dsn
from city.names import BUSINESS, NAMES, present, variable
from city.operations.brokers import configured_bootstrap
from devservers.process import Process, listens
from kit.messaging.bootstrap import Bootstrap

GIVEN = "given"  # kind of a Kafka that somebody else runs
SIMULATOR = "simulator"  # client of the issuer that acts as the platform's operator
MADE_UP = Path(__file__).with_name("standards.yaml")  # numbers of a city that is not anybody's
SMOKE = "smoke"  # client of the issuer that may read a little of everything


@dataclass(frozen=True)
class Endpoints:
    """Where the servers of this city answer.

    postgres: address of the superuser, or of a role that may make databases and roles. kafka_kind:
    apache, memory or given; only a given one may be guarded.
    """

    postgres: str
    kafka: str
    partitions: int
    replication: int
    kafka_kind: str


def database(state: State, server: str, name: str) -> str:
    """The address of a service's own database, in its own role, on the server with this superuser's
    address.
    """
    return role_dsn(server, name, state.secret(f"{name}.database"))


def gateway_url(state: State) -> str:
    return f"http://127.0.0.1:{state.port('gateway')}"


def databases(state: State, server: str, names: Iterable[str]) -> dict[str, str]:
    """The addresses of the services' databases, as the variables that the migrations read."""
    return {variable(name): database(state, server, name) for name in names}


def bootstrap(kind: str, address: str) -> Bootstrap:
    """How to connect to the brokers of a city; those that somebody else runs may be guarded."""
    return configured_bootstrap(address) if kind == GIVEN else Bootstrap(address)


def management_url(state: State, name: str) -> str:
    return f"http://127.0.0.1:{state.port(f'{name}.management')}"


def environment(
    state: State, endpoints: Endpoints, name: str, given: Mapping[str, str] = os.environ
) -> dict[str, str]:
    """The variables of one service: the numbers of a made-up city, over them what was given,
    over it what this city decides.
    """

    def own(part: str) -> str:
        return f"127.0.0.1:{state.port(part)}"

    issuer = gateway_url(state)
    settings = {
        "SERVICE": name,
        "DATABASE": database(state, endpoints.postgres, name),
        "KAFKA": endpoints.kafka,
        "GRPC": own(f"{name}.grpc"),
        "MANAGEMENT": own(f"{name}.management"),
        "ISSUER": issuer,
        "KEYS_URL": f"{issuer}/.well-known/jwks.json",
        "TOKEN_URL": f"{issuer}/token",
        "CLIENT_SECRET": state.secret(f"{name}.client"),
        "PERSONAL_KEYS": state.key_ring(f"{name}.personal"),
        "HASH_KEYS": state.key_ring(f"{name}.hash"),
        "MEMBER": name,
        # the in-memory Kafka knows no lasting members: it waits so long for one that was killed
        "SESSION_MS": "12000",
        "CLOCK_FILE": str(state.clock),
        "ONE_BOX": "true",
        "PARTITIONS": str(endpoints.partitions),
        "REPLICATION": str(endpoints.replication),
        "SUBSIDY_ADDRESS": own("subsidy.grpc"),
        "ASSESSMENT_ADDRESS": own("assessment.grpc"),
    }
    if name == "gateway":
        settings |= {
            "LISTEN": own("gateway"),
            "SIGNING_KEY": state.signing_key(),
            "SERVICES": json.dumps(
                {f"eldercare.{each}.v1": own(f"{each}.grpc") for each in BUSINESS}
            ),
            "PEERS": json.dumps({each: management_url(state, each) for each in present()}),
            "CLIENTS": json.dumps(state.clients([*NAMES, SIMULATOR, SMOKE])),
        }
    if endpoints.kafka_kind != GIVEN:
        given = {name: value for name, value in given.items() if not name.startswith("KAFKA_")}
    return {"STANDARDS": str(MADE_UP), **given, **settings}


class Service(Process):
    """One service as a child process; its log is JSON lines in `logs/<name>.log`."""

    def __init__(self, state: State, endpoints: Endpoints, name: str) -> None:
        super().__init__(name, state.logs / f"{name}.log")
        self.service = name
        self.state = state
        self.endpoints = endpoints

    @property
    def address(self) -> str:
        """Where it is called: gRPC, or HTTP of the gateway."""
        part = "gateway" if self.name == "gateway" else f"{self.name}.grpc"
        return f"127.0.0.1:{self.state.port(part)}"

    def prepare(self) -> None:
        self._environment = environment(self.state, self.endpoints, self.service)

    def command(self) -> list[str]:
        return [sys.executable, "-m", self.service]

    def environment(self) -> dict[str, str]:
        return self._environment

    def answers(self) -> bool:
        return listens(self.state.port(f"{self.name}.management"))
