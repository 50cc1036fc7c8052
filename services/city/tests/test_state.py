"""A state folder keeps what must stay the same, shows nobody its secrets, and belongs to one city
at a time.
"""

import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path

import psutil
import pytest

from city.box.services import Endpoints, environment
from city.box.state import NotAState, State, StateInUse, role_dsn
from city.names import NAMES
from devservers.process import free_port
from kit.contracts.clock import Clock

PLACES = Endpoints(
    "postgresql://postgres:pw@127.0.0.1:5432/postgres", "127.0.0.1:9092", 4, 1, "apache"
)


@pytest.fixture
def state(tmp_path: Path) -> Iterator[State]:
    opened = State(tmp_path / "state")
    opened.open()
    yield opened
    opened.close()


def test_secrets_and_ports_are_made_once(state: State) -> None:
    first = (state.secret("a"), state.key_ring("b"), state.signing_key(), state.port("c"))

    again = State(state.folder)

    assert (again.secret("a"), again.key_ring("b"), again.signing_key(), again.port("c")) == first
    assert again.secret("other") != first[0]


def test_secrets_made_in_many_threads_at_once_are_all_kept(state: State) -> None:
    with ThreadPoolExecutor(16) as pool:
        made = dict(pool.map(lambda n: (f"s{n}", state.secret(f"s{n}")), range(64)))

    assert {name: State(state.folder).secret(name) for name in made} == made


def test_the_business_clock_begins_where_the_city_sets_it_and_is_never_set_back(
    state: State,
) -> None:
    begin = datetime(2026, 1, 1, tzinfo=UTC)
    state.begin_clock(begin)
    assert Clock(state.clock).now() == begin

    Clock(state.clock).set(begin + timedelta(days=9))
    state.begin_clock(begin)
    assert Clock(state.clock).now() == begin + timedelta(days=9)


def test_only_the_owner_can_read_secrets(state: State) -> None:
    state.secret("a")
    state.clients(["simulator"])

    modes = {file.name: file.stat().st_mode & 0o777 for file in state.folder.glob("*.json")}
    assert modes == {"secrets.json": 0o600, "clients.json": 0o600}


def test_a_wished_port_that_is_taken_is_replaced_by_another(state: State) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        wished = taken.getsockname()[1]
        assert state.port("gateway", wished) not in (0, wished)


def test_no_two_parts_have_one_port_whatever_was_kept_before(state: State) -> None:
    state.port("kept", wished := free_port())

    ports = [state.port(f"part {number}", wished) for number in range(200)]

    assert state.port("kept") == wished
    assert len({wished, *ports}) == 201


def test_a_second_city_on_the_same_folder_is_refused(state: State) -> None:
    with pytest.raises(StateInUse, match="runs on"):
        State(state.folder).open()

    state.close()
    after = State(state.folder)
    after.open()
    after.close()


def test_a_folder_with_something_else_in_it_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "thesis.txt").write_text("years of work")

    with pytest.raises(NotAState, match="not a city's"):
        State(tmp_path).open()
    assert (tmp_path / "thesis.txt").exists()


def test_clearing_forgets_everything_and_keeps_the_lock(state: State) -> None:
    before = state.secret("a")
    state.port("gateway")
    state.clear()

    assert state.fresh
    assert state.secret("a") != before
    with pytest.raises(StateInUse):
        State(state.folder).open()


def test_a_city_that_was_killed_is_not_taken_for_a_running_one(state: State) -> None:
    sleeper = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"])
    state.write_city({"pid": sleeper.pid, "since": psutil.Process(sleeper.pid).create_time()})
    assert state.city() is not None

    os.kill(sleeper.pid, signal.SIGKILL)
    sleeper.wait()
    assert state.city() is None

    state.write_city({"pid": os.getpid(), "since": 1.0})  # the number was given to somebody else
    assert state.city() is None


def test_each_service_has_a_role_and_keys_of_its_own(state: State) -> None:
    variables = {name: environment(state, PLACES, name, {}) for name in NAMES}

    for secret in ("DATABASE", "CLIENT_SECRET", "PERSONAL_KEYS", "HASH_KEYS"):
        assert len({each[secret] for each in variables.values()}) == len(NAMES)
    assert "pw" not in variables["dispatch"]["DATABASE"].split("@")[0].split(":")
    assert variables["dispatch"]["SUBSIDY_ADDRESS"] == variables["subsidy"]["GRPC"]


@pytest.mark.parametrize(
    ("server", "expected"),
    [
        (
            "postgresql://postgres:pw@127.0.0.1:5432/postgres",
            "postgresql://subsidy:s%2Fx@127.0.0.1:5432/subsidy",
        ),
        (
            "postgresql://admin@/postgres?host=/run/pg",
            "postgresql://subsidy:s%2Fx@/subsidy?host=/run/pg",
        ),
    ],
)
def test_a_services_address_differs_from_the_servers_only_by_role_and_database(
    server: str, expected: str
) -> None:
    assert role_dsn(server, "subsidy", "s/x") == expected
