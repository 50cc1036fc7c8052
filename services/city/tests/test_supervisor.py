"""What dies comes back, with growing pauses; what cannot come back ends the city, which says
why.
"""

import asyncio
import os
import signal
import socket
import sys
import threading
from pathlib import Path

import pytest

from city.box.board import line
from city.box.child import Phase
from city.box.supervisor import MISCONFIGURED, Supervisor
from city.operations.status import status_of
from devservers.kafka import MemoryKafka
from devservers.process import Process, StartFailed
from testkit import until


class Program(Process):
    """A few lines of Python; it answers once it has printed "ready"."""

    def __init__(self, name: str, folder: Path, code: str) -> None:
        super().__init__(name, folder / f"{name}.log")
        self._code = code

    def command(self) -> list[str]:
        return [sys.executable, "-c", self._code]

    def answers(self) -> bool:
        return self.pid is not None and "ready" in self.last_lines()


SLEEPS = "import time; print('ready', flush=True); time.sleep(600)"


async def test_a_killed_child_comes_back_under_a_new_pid(tmp_path: Path) -> None:
    lines: list[str] = []
    supervisor = Supervisor(lines.append)
    child = supervisor.add(Program("worker", tmp_path, SLEEPS))
    await supervisor.until_ready(["worker"], 10)
    before = child.process.pid
    assert before is not None

    os.kill(before, signal.SIGKILL)

    await until(lambda: child.phase == Phase.READY and child.process.pid not in (None, before))
    assert child.restarts == 1
    assert "worker ended with -9; again in 1.0 s" in lines
    await supervisor.stop()


class Baffling(Program):
    """Nobody can tell whether it answers."""

    def answers(self) -> bool:
        raise RuntimeError("no way to tell")


async def test_a_child_that_cannot_be_watched_ends_the_city_with_the_reason(tmp_path: Path) -> None:
    supervisor = Supervisor(print)
    supervisor.add(Baffling("baffling", tmp_path, SLEEPS))

    with pytest.raises(StartFailed, match="baffling is kept no more: RuntimeError: no way to tell"):
        await supervisor.until_ready(["baffling"], 10)

    assert supervisor.over.is_set()
    await supervisor.stop()


def test_who_does_not_speak_http_at_a_services_port_is_no_service() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:

        def babble() -> None:
            talker, _ = server.accept()
            with talker:
                talker.sendall(b"\x00\x00\x12\x04\x00 is no status line\r\n\r\n")
                talker.recv(1000)

        talking = threading.Thread(target=babble)
        talking.start()
        assert status_of(f"http://127.0.0.1:{server.getsockname()[1]}") is None
        talking.join()


async def test_a_child_that_dies_again_and_again_waits_longer_each_time(tmp_path: Path) -> None:
    lines: list[str] = []
    supervisor = Supervisor(lines.append)
    supervisor.add(Program("faint", tmp_path, "raise SystemExit(5)"))

    await until(lambda: len(lines) >= 2, timeout=15)

    assert lines[:2] == ["faint ended with 5; again in 1.0 s", "faint ended with 5; again in 2.0 s"]
    await supervisor.stop()


async def test_a_child_that_is_misconfigured_ends_the_city_with_its_own_words(
    tmp_path: Path,
) -> None:
    supervisor = Supervisor(lambda _: None)
    supervisor.add(
        Program(
            "puzzled",
            tmp_path,
            f"print('setting DATABASE: field required'); raise SystemExit({MISCONFIGURED})",
        )
    )

    with pytest.raises(StartFailed, match="puzzled cannot run:\nsetting DATABASE: field required"):
        await supervisor.until_ready(["puzzled"], 10)
    assert supervisor.over.is_set()
    await supervisor.stop()


async def test_the_death_of_the_broker_in_memory_ends_the_city(tmp_path: Path) -> None:
    supervisor = Supervisor(lambda _: None)
    broker = MemoryKafka(tmp_path / "memory-kafka")
    supervisor.add(broker, volatile=True)
    await supervisor.until_ready([broker.name], 10)

    broker.kill()

    await asyncio.wait_for(supervisor.over.wait(), 10)
    assert "what it held is lost" in supervisor.failure
    await supervisor.stop()


async def test_children_end_in_the_order_they_are_named_in(tmp_path: Path) -> None:
    code = "import signal, time, sys\n"
    code += (
        "signal.signal(signal.SIGTERM, lambda *_: (time.sleep(0.3), print(time.time(), "
        "flush=True), sys.exit(0)))\n"
    )
    supervisor = Supervisor(lambda _: None)
    for name in ("database", "broker", "service"):
        supervisor.add(
            Program(name, tmp_path, code + "print('ready', flush=True); time.sleep(600)")
        )
    await supervisor.until_ready(["database", "broker", "service"], 10)

    await supervisor.stop(["service"], ["broker"], ["database"])

    ended = {
        name: float(child.process.last_lines().splitlines()[-1])
        for name, child in supervisor.children.items()
    }
    assert sorted(ended, key=lambda name: ended[name]) == ["service", "broker", "database"]
    assert all(child.process.exit_code == 0 for child in supervisor.children.values())


async def test_a_child_that_does_not_become_ready_in_time_is_named(tmp_path: Path) -> None:
    supervisor = Supervisor(lambda _: None)
    supervisor.add(Program("mute", tmp_path, "import time; time.sleep(600)"))

    with pytest.raises(StartFailed, match=r"mute is not ready after 0 s \(starting"):
        await supervisor.until_ready(["mute"], 0.3)
    await supervisor.stop()


STOPS = """
import json, sys
print(json.dumps({"event": "the group has stopped", "text": "of a life before"}))
print(json.dumps({"event": "started"}))
why = "51 records of one partition in a row would be parked"
print(json.dumps({"event": "the group has stopped", "text": why}))
print(json.dumps({"event": "ended", "code": 1}), flush=True)
sys.exit(1)
"""


async def test_a_group_that_stopped_itself_shows_why_while_it_rests(tmp_path: Path) -> None:
    lines: list[str] = []
    supervisor = Supervisor(lines.append)
    child = supervisor.add(Program("datacenter", tmp_path, STOPS))
    child.status = {"parked": 50, "lag": 7}

    await until(lambda: child.phase == Phase.RESTING)
    shown = line(
        {
            "children": {
                "datacenter": {"phase": child.phase, "reason": child.reason, "cpu_share": 0.0}
            },
        },
        {"datacenter": child.status},
    )
    await supervisor.stop()

    why = (
        "datacenter ended with 1, the group has stopped: 51 records of one partition in a row "
        "would be parked"
    )
    assert lines[0] == f"{why}; again in 1.0 s"
    assert shown == f"0/1 ready lag=0 outbox=0 waiting=0 parked=50 due=0 cpu=0%; {why}"
