"""A whole city on this machine: it comes up, survives the death of each of its parts, and leaves nothing behind."""

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

from kit.testing import until

pytestmark = [pytest.mark.city]


class Up:
    """An `eldercare up` of its own, talked to as an operator does."""

    def __init__(self, folder: Path, kafka: str) -> None:
        self.state = folder / "state"
        self.log = folder / "up.log"
        with self.log.open("wb") as log:
            command = [sys.executable, "-m", "city", "up", "--state", str(self.state), "--kafka", kafka, "--port", "0"]
            self.process = subprocess.Popen(command, stdout=log, stderr=log, start_new_session=True)

    def status(self) -> dict[str, Any]:
        done = subprocess.run(
            [sys.executable, "-m", "city", "status", "--json", "--state", str(self.state)], capture_output=True, text=True, check=False,
        )
        return dict(json.loads(done.stdout)) if done.returncode in (0, 1) else {"ready": False, "children": {}}

    def ready(self) -> dict[str, Any] | None:
        assert self.process.poll() is None, self.log.read_text()
        facts = self.status()
        return facts if facts["ready"] else None

    def pids(self) -> dict[str, int]:
        return {name: child["pid"] for name, child in self.status()["children"].items()}

    def end(self) -> int:
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
        return self.process.wait(90)


@pytest.fixture
def city(tmp_path_factory: pytest.TempPathFactory, request: pytest.FixtureRequest) -> Iterator[Up]:
    started = Up(tmp_path_factory.mktemp("city"), request.param)
    yield started
    started.end()


@pytest.mark.connected
@pytest.mark.timeout(420)
@pytest.mark.parametrize("city", ["apache"], indirect=True)
async def test_every_part_of_a_city_may_be_killed_and_comes_back(city: Up) -> None:
    await until(city.ready, 180, pause=0.5, what="the city is up")
    before = city.pids()

    for name, pid in before.items():
        os.kill(pid, signal.SIGKILL)
        await until(lambda name=name, pid=pid: city.pids().get(name) not in (None, pid), 60, pause=0.5, what=f"{name} has a new pid")
        await until(city.ready, 90, pause=0.5, what=f"all is ready after {name} was killed")

    every = city.pids().values()
    assert city.end() == 0, city.log.read_text()
    assert [pid for pid in every if psutil.pid_exists(pid)] == []


@pytest.mark.timeout(240)
@pytest.mark.parametrize("city", ["memory"], indirect=True)
async def test_nothing_of_a_city_outlives_a_killed_supervisor(city: Up) -> None:
    await until(city.ready, 180, pause=0.5, what="the city is up")
    every = city.pids()

    city.process.kill()
    city.process.wait()

    await until(lambda: not [pid for pid in every.values() if psutil.pid_exists(pid)], 20, what="all children are gone")
    again = Up(city.state.parent, "memory")
    assert again.process.wait(60) == 1
    assert "needs a fresh state folder" in again.log.read_text()


@pytest.mark.timeout(240)
@pytest.mark.parametrize("city", ["memory"], indirect=True)
async def test_a_city_whose_broker_in_memory_dies_ends_and_says_so(city: Up) -> None:
    await until(city.ready, 180, pause=0.5, what="the city is up")

    os.kill(city.pids()["memory-kafka"], signal.SIGKILL)

    await until(lambda: city.process.poll() is not None, 90, what="the city has ended")
    assert city.process.returncode == 1
    assert "what it held is lost" in city.log.read_text()
