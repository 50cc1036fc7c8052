"""Containers of the image as a strict cluster would run them, and the servers they need, on this
machine.
"""

import asyncio
import json
import os
import subprocess
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.error import HTTPError
from urllib.request import urlopen

import engine

from city.box.services import GIVEN, Endpoints, database, environment
from city.box.state import State
from city.names import NAMES
from devservers.kafka import Kafka
from devservers.postgres import Postgres, ensure_database

READY_S = 600  # only for giving up: a machine that builds other things at the same time is slow
# The machine's own limits are below podman's defaults, and its cgroups are not ours to divide:
# limits of memory are not tried here.
MACHINE = (
    "--cgroups=disabled",
    "--ulimit=nofile=4096:4096",
    "--ulimit=nproc=4096:4096",
    "--network=host",
    "--log-driver=k8s-file",
)
STRICT = (
    "--read-only",
    "--read-only-tmpfs=false",
    "--cap-drop=ALL",
    "--security-opt=no-new-privileges",
)


class NotReady(Exception):
    """A container did not do in time what it should; the text ends with its last words."""


@dataclass
class City:
    """What the containers are given: the addresses of the servers, and each service's variables."""

    state: State
    endpoints: Endpoints

    def variables(self, name: str) -> dict[str, str]:
        """Those of a service that is alone in its container: no clock of a box, no state folder."""
        made = environment(self.state, self.endpoints, name, {})
        return {
            key: value
            for key, value in made.items()
            if key not in ("ONE_BOX", "CLOCK_FILE", "PEERS", "MEMBER", "SESSION_MS")
        }

    def addresses(self) -> dict[str, str]:
        """The databases as the migration reads them."""
        return {
            f"{name.upper()}_DATABASE": database(self.state, self.endpoints.postgres, name)
            for name in NAMES
        }

    def management(self, name: str) -> str:
        """The address of its health and status."""
        return f"http://127.0.0.1:{self.state.port(f'{name}.management')}"


@contextmanager
def city(folder: Path) -> Iterator[City]:
    """PostgreSQL with an empty database for each service, and one Kafka broker, as plain
    processes.
    """
    state = State(folder / "state")
    state.open()
    postgres = Postgres(folder / "postgres", password=state.secret("postgres"), durable=False)
    kafka = Kafka(folder / "kafka", heap_mb=384)
    try:
        postgres.start()
        kafka.start(timeout=180)
        for name in NAMES:
            asyncio.run(
                ensure_database(
                    postgres.dsn(), name, role=name, password=state.secret(f"{name}.database")
                )
            )
        yield City(
            state,
            Endpoints(postgres.dsn(), kafka.address, partitions=4, replication=1, kafka_kind=GIVEN),
        )
    finally:
        kafka.stop()
        postgres.stop()
        state.close()


class Container:
    """One container in the foreground of a process of ours; its output goes to a file."""

    def __init__(
        self,
        image: str,
        folder: Path,
        name: str,
        *verb: str,
        variables: Mapping[str, str],
        options: tuple[str, ...] = STRICT,
    ) -> None:
        self.name = f"eldercare-proof-{os.getpid()}-{name}"
        self.log = folder / f"{name}.log"
        self.began = time.monotonic()
        # values stay out of the command line
        named = [part for variable in variables for part in ("--env", variable)]
        command = engine.command(
            "podman",
            "run",
            "--name",
            self.name,
            "--pull=never",
            *MACHINE,
            *options,
            *named,
            image,
            *verb,
        )
        with self.log.open("wb") as log:
            self.process = subprocess.Popen(
                command, env={**os.environ, **variables}, stdout=log, stderr=log
            )

    def ended(self, timeout_s: float = READY_S) -> int:
        """Its exit code. Raises: NotReady."""
        try:
            return self.process.wait(timeout_s)
        except subprocess.TimeoutExpired:
            raise NotReady(
                f"{self.name} has not ended after {timeout_s:.0f} s:\n{self.printed()[-2000:]}"
            ) from None

    def printed(self) -> str:
        """All its output."""
        return self.log.read_text(errors="replace")

    def until(self, check: Callable[[], bool], what: str, timeout_s: float = READY_S) -> float:
        """Seconds since its start until the check was true. Raises: NotReady."""
        while not check():
            if self.process.poll() is not None:
                raise NotReady(
                    f"{self.name} ended with {self.process.returncode} before "
                    f"{what}:\n{self.printed()[-2000:]}"
                )
            if time.monotonic() - self.began > timeout_s:
                raise NotReady(
                    f"{self.name}: not {what} after {timeout_s:.0f} s:\n{self.printed()[-2000:]}"
                )
            time.sleep(0.1)
        return time.monotonic() - self.began

    def facts(self, sought: str) -> str:
        """What podman knows of it, by a Go template."""
        return engine.run("podman", "inspect", "--format", sought, self.name).strip()

    def inside(self, *command: str) -> tuple[int, str]:
        """Exit code and output of a command beside its main process."""
        done = subprocess.run(
            engine.command("podman", "exec", self.name, *command),
            capture_output=True,
            text=True,
            check=False,
        )
        return done.returncode, (done.stdout + done.stderr).strip()

    def signal(self) -> None:
        """SIGTERM to its PID 1, as a cluster does it."""
        engine.run("podman", "kill", "--signal", "TERM", self.name)

    def remove(self) -> None:
        """Leaves nothing behind."""
        subprocess.run(
            engine.command("podman", "rm", "--force", "--time", "1", self.name),
            capture_output=True,
            check=False,
        )
        if self.process.poll() is None:
            self.process.kill()


def answers(address: str) -> tuple[int, dict[str, object]]:
    """Status and JSON of a GET; 0 where nobody answers."""
    try:
        with urlopen(address, timeout=3) as answer:
            return answer.status, json.load(answer)
    except HTTPError as error:
        return error.code, json.load(error)
    except (OSError, ValueError):
        return 0, {}
