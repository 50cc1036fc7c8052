"""What a state folder has been begun with stays: brokers, the standby; and replicas know each
other's addresses.
"""

import json
import os
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest
from typer.testing import CliRunner

from city.box import servers
from city.box.child import Child
from city.box.city import City
from city.box.options import CityOptions
from city.box.replicas import Replica, code
from city.box.services import Endpoints, Service
from city.box.state import State
from city.cli.app import app
from devservers.pair import KEPT, Pair
from devservers.postgres import Postgres
from devservers.process import Missing


@pytest.fixture
def state(tmp_path: Path) -> Iterator[State]:
    opened = State(tmp_path / "state")
    opened.open()
    yield opened
    opened.close()


def test_a_folder_keeps_the_brokers_it_has_been_begun_with(state: State) -> None:
    three = servers.brokers(state, 3)

    again = servers.brokers(state, 1)

    assert [broker.name for broker in again] == ["kafka-1", "kafka-2", "kafka-3"]
    assert [broker.address for broker in again] == [broker.address for broker in three]
    assert servers.copies(again) == 3
    assert servers.copies(servers.brokers(state, 1)[:1]) == 1


def test_a_folder_with_a_standby_keeps_it_whatever_is_asked_for(state: State) -> None:
    assert isinstance(servers.postgres(state), Postgres)
    (state.folder / KEPT).write_text(json.dumps({"primary": "postgres-2", "turns": 3}))

    kept = servers.postgres(state)

    assert isinstance(kept, Pair)
    assert [node.name for node in servers.nodes(kept)] == ["postgres-2", "postgres"]
    both = f"127.0.0.1:{state.port('postgres')},127.0.0.1:{state.port('postgres-2')}"
    assert (
        kept.dsn("subsidy", user="subsidy", password="a b")
        == f"postgresql://subsidy:a%20b@{both}/subsidy?target_session_attrs=primary"
    )


def test_what_other_terminals_may_know_holds_endpoints_and_no_password(state: State) -> None:
    given = (
        "postgresql://postgres:a-secret@db.example:5432/postgres?sslmode=require&password=a-secret"
    )
    city = City(state, CityOptions(postgres=given, port=0), print)
    endpoints = Endpoints(given, "127.0.0.1:9092", 4, 1, "apache")
    for name in ("subsidy", "gateway"):
        city.supervisor.children[name] = Child(Service(state, endpoints, name))
    city.supervisor.children["kafka"] = Child(servers.brokers(state, 1)[0])

    facts = city.facts()

    assert "a-secret" not in json.dumps(facts)
    assert facts["postgres"] == "postgresql://postgres@db.example:5432/postgres?sslmode=require"
    assert {name: child["endpoint"] for name, child in facts["children"].items()} == {
        "subsidy": f"127.0.0.1:{state.port('subsidy.grpc')}",
        "gateway": f"127.0.0.1:{state.port('gateway')}",
        "kafka": f"127.0.0.1:{state.port('kafka')}",
    }


def test_operators_reach_the_server_of_the_city_that_runs_with_its_password(state: State) -> None:
    given = "postgresql://postgres:a-secret@db.example:5432/postgres"
    state.keep_server(given)
    assert servers.endpoints(state).postgres == servers.postgres(state).dsn(), (
        "no city runs: it is the embedded one"
    )

    state.write_city(
        {
            "pid": os.getpid(),
            "since": psutil.Process().create_time(),
            "postgres": "postgresql://postgres@db.example:5432/postgres",
        }
    )
    assert servers.endpoints(state).postgres == given
    assert {oct(file.stat().st_mode & 0o777) for file in state.folder.glob("*.json")} == {"0o600"}

    state.keep_server(None)
    assert servers.endpoints(state).postgres == servers.postgres(state).dsn()


async def test_what_somebody_else_runs_is_given_no_standby_and_no_brokers(state: State) -> None:
    with pytest.raises(Missing, match="standby: who runs the PostgreSQL of --postgres"):
        await City(
            state,
            CityOptions(
                kafka="somewhere:9092", postgres="postgresql://somewhere/", standby=True, port=0
            ),
            print,
        ).up()
    with pytest.raises(
        Missing, match="brokers: 3 are those of an Apache Kafka of our own, not of somewhere:9092"
    ):
        await City(state, CityOptions(kafka="somewhere:9092", brokers=3, port=0), print).up()


def test_a_failover_without_anybody_to_fail_over_to_is_refused() -> None:
    refused = CliRunner().invoke(app, ["demo", "--failover", "--brokers", "3"])

    assert refused.exit_code == 2
    assert "--standby" in refused.output


def test_every_replica_has_addresses_of_its_own_and_those_of_all_its_neighbours(
    state: State, tmp_path: Path
) -> None:
    endpoints = Endpoints(
        "postgresql://postgres@127.0.0.1:5432/postgres", "127.0.0.1:9092", 4, 1, "apache"
    )
    both = [Replica(state, endpoints, "gateway", number, 2, tmp_path) for number in (1, 2)]
    for one in both:
        one.prepare()

    first, second = (one.environment() for one in both)

    assert all(first[name] != second[name] for name in ("GRPC", "MANAGEMENT", "LISTEN", "MEMBER"))
    assert first["ISSUER"] == second["ISSUER"] == f"http://127.0.0.1:{state.port('gateway')}"
    dispatch = ",".join(f"127.0.0.1:{state.port(f'dispatch-{number}.grpc')}" for number in (1, 2))
    assert json.loads(first["SERVICES"])["eldercare.dispatch.v1"] == f"ipv4:{dispatch}"
    assert {"gateway-1", "gateway-2", "datacenter-2"} <= json.loads(first["PEERS"]).keys()
    assert first["PYTHONPATH"] == code(tmp_path)["PYTHONPATH"]
    assert [one.command()[-1] for one in both] == ["gateway", "gateway"]
