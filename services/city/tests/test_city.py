"""A whole city on this machine: it comes up, survives the death of each of its parts, and leaves
nothing behind.
"""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psutil
import pytest

from city.box.facts import unbalanced
from city.box.state import State
from city.names import present
from devservers.process import dying_with_us
from testkit import until

pytestmark = [pytest.mark.city]


class Up:
    """An `eldercare up` of its own, as a person starts it."""

    def __init__(self, state: Path, kafka: str) -> None:
        self.state = State(state)
        self.log = state.with_suffix(".log")
        with self.log.open("ab") as log:
            command = [
                sys.executable,
                "-m",
                "city",
                "up",
                "--state",
                str(state),
                "--kafka",
                kafka,
                "--port",
                "0",
            ]
            self.process = subprocess.Popen(
                dying_with_us(command, last_signal="SIGTERM"),
                stdout=log,
                stderr=log,
                start_new_session=True,
            )

    def facts(self) -> dict[str, Any]:
        return self.state.city() or {"ready": False, "children": {}}

    def ready(self) -> bool:
        assert self.process.poll() is None, self.log.read_text()
        return bool(self.facts()["ready"])

    def pid(self, name: str) -> int | None:
        return self.facts()["children"].get(name, {}).get("pid")

    def pids(self) -> list[int]:
        return [child["pid"] for child in self.facts()["children"].values()]

    def shown(self) -> dict[str, Any]:
        """What an operator's `eldercare status` prints."""
        command = [
            sys.executable,
            "-m",
            "city",
            "status",
            "--json",
            "--state",
            str(self.state.folder),
        ]
        return dict(json.loads(subprocess.check_output(command)))

    async def kill(self, name: str) -> None:
        """SIGKILL, and back under a new pid."""
        killed = self.pid(name)
        assert killed is not None
        os.kill(killed, signal.SIGKILL)
        await until(
            lambda: self.pid(name) not in (None, killed),
            90,
            pause=0.2,
            what=f"{name} has a new pid",
        )

    def end(self) -> int:
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
        return self.process.wait(90)


@pytest.fixture
def state(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("city") / "state"


@pytest.fixture
def city(state: Path) -> Iterator[Up]:
    started = Up(state, "apache")
    yield started
    started.end()


@pytest.fixture
def forgetful_city(state: Path) -> Iterator[Up]:
    started = Up(state, "memory")
    yield started
    started.end()


def alive(pids: list[int]) -> list[int]:
    return [pid for pid in pids if psutil.pid_exists(pid)]


@pytest.mark.connected
@pytest.mark.rehearsal
@pytest.mark.timeout(600)
async def test_every_part_of_a_city_may_be_killed_and_comes_back(city: Up, state: Path) -> None:
    await until(city.ready, 240, pause=0.2, what="the city is up")
    for server in ("postgres", "kafka"):
        await city.kill(server)
        await until(city.ready, 120, pause=0.2, what=f"all is ready after {server} was killed")
        assert [name for name in present() if city.facts()["children"][name]["restarts"]] == [], (
            f"{server} took services with it"
        )
    for service in present():
        await city.kill(service)
    await until(city.ready, 180, pause=0.2, what="all is ready after every service was killed")
    assert unbalanced(city.facts()) == []

    every = city.pids()
    assert city.shown()["services"].keys() == set(present())
    assert city.end() == 0, city.log.read_text()
    assert alive(every) == []

    again = Up(state, "apache")
    try:
        await until(again.ready, 240, pause=0.2, what="the city is up again on what it had")
        every = again.pids()
        again.process.kill()
        again.process.wait()
        await until(lambda: not alive(every), 30, what="a killed supervisor leaves nobody behind")
    finally:
        again.end()


@pytest.mark.timeout(400)
async def test_a_city_whose_broker_in_memory_dies_ends_and_needs_a_fresh_folder(
    forgetful_city: Up, state: Path
) -> None:
    await until(forgetful_city.ready, 240, pause=0.2, what="the city is up")
    broker = forgetful_city.pid("memory-kafka")
    assert broker is not None

    os.kill(broker, signal.SIGKILL)

    await until(lambda: forgetful_city.process.poll() is not None, 90, what="the city has ended")
    assert forgetful_city.process.returncode == 1
    assert "what it held is lost" in forgetful_city.log.read_text()
    again = Up(state, "memory")
    assert again.process.wait(60) == 1
    assert "needs a fresh state folder" in again.log.read_text()
