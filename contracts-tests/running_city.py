"""A whole city that runs for the tests of this folder: started as a person would, talked to as
people and programs do.
"""

import asyncio
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import uuid4

import asyncpg
import httpx
from confluent_kafka import Consumer, TopicPartition

from city.box.servers import endpoints
from city.box.services import SIMULATOR, database
from city.box.state import State
from city.names import present
from devservers.process import dying_with_us

CITY = "341100000000"
HALL = "341103000000"  # the county whose office imports a file of its own
# when the tests are run: behind a payday of each kind, the tenth of a month and Fridays
LATER = "2026-02-14T09:00:00+08:00"
ELDERS, DAYS, SEED = (
    400,
    13,
    38,
)  # small, yet with each kind of subsidy; the story approves its first results on the ninth day


@dataclass(frozen=True)
class Deed:
    """A command that the tests gave, with its key and its answer."""

    path: str
    key: str
    token: str
    body: dict[str, Any]
    answer: dict[str, Any]


class RunningCity:
    """`eldercare up` on a scratch folder. deeds: commands given by the tests themselves. kept: ids
    that no list tells, by field.
    """

    def __init__(self, folder: Path) -> None:
        self.state = State(folder / "state")
        self.log = folder / "up.log"
        self.process: subprocess.Popen[bytes] | None = None
        self.deeds: list[Deed] = []
        self.kept: dict[str, str] = {}
        self._tokens: dict[str, str] = {}
        self.http = httpx.Client(timeout=60, trust_env=False)

    # --- as a process ---

    def start(self, kafka: str, otlp_endpoint: str) -> None:
        """Returns when everything is ready."""
        up = [
            sys.executable,
            "-m",
            "city",
            "up",
            "--state",
            str(self.state.folder),
            "--kafka",
            kafka,
            "--port",
            "0",
        ]
        command, variables = (
            dying_with_us(up, last_signal="SIGTERM"),
            # its broker is short-lived: half of the broker's time went to Java's second compiler
            {
                **os.environ,
                "OTLP_ENDPOINT": otlp_endpoint,
                "JAVA_TOOL_OPTIONS": "-XX:TieredStopAtLevel=1",
            },
        )
        with self.log.open("wb") as log:
            self.process = subprocess.Popen(
                command, stdout=log, stderr=log, start_new_session=True, env=variables
            )
        process = self.process
        self.until(
            lambda: process.poll() is not None or (self.state.city() or {}).get("ready"),
            400,
            "the city is up",
        )
        assert process.poll() is None, self.log.read_text()
        self.http.base_url = httpx.URL(self.facts()["gateway"])

    def live(self, elders: int = ELDERS, days: int = DAYS, seed: int = SEED) -> None:
        """The simulated city acts. Raises: AssertionError where board and truth differ."""
        command = [
            sys.executable,
            "-m",
            "simulator",
            "--gateway",
            self.facts()["gateway"],
            "--elders",
            str(elders),
            "--days",
            str(days),
            "--seed",
            str(seed),
            "--state",
            str(self.state.folder),
        ]
        done = subprocess.run(
            command,
            env={**os.environ, "CLIENT_SECRET": self.secret(SIMULATOR)},
            capture_output=True,
            text=True,
            timeout=900,
            check=False,
        )
        assert done.returncode == 0, f"{done.stdout[-6000:]}\n{done.stderr[-3000:]}"

    def end(self) -> int:
        """Ends it by its pid, in good order."""
        self.http.close()
        if self.process is None:
            return 0
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
        try:
            return self.process.wait(120)
        except subprocess.TimeoutExpired:
            self.process.kill()
            raise

    @staticmethod
    def until(check: Callable[[], Any], timeout_s: float, what: str) -> Any:
        """The first true answer. Raises: AssertionError when there is none in time."""
        deadline = time.monotonic() + timeout_s
        while not (answer := check()):
            assert time.monotonic() < deadline, f"not true within {timeout_s} s: {what}"
            time.sleep(0.1)
        return answer

    def facts(self) -> dict[str, Any]:
        """What the supervisor tells."""
        return self.state.city() or {}

    def secret(self, client: str) -> str:
        """The secret of a client of the issuer."""
        return str(json.loads((self.state.folder / "clients.json").read_text())[client])

    def grpc(self, service: str) -> str:
        """Where a service answers gRPC."""
        return f"127.0.0.1:{self.state.port(f'{service}.grpc')}"

    def logs(self) -> list[Path]:
        """The log of every process."""
        return [self.log, *sorted(self.state.logs.glob("*.log"))]

    # --- as people and programs ---

    def client_token(self, client: str) -> str:
        """The token of a program: the simulator's is an operator's, any other a service's."""
        answer = self.http.post(
            "/token", data={"grant_type": "client_credentials"}, auth=(client, self.secret(client))
        )
        return str(answer.raise_for_status().json()["access_token"])

    def token(self, *roles: str, **claims: Any) -> str:
        """The token of a person. claims: area, organisation_id, elder_ids, worker_id."""
        wanted = {"sub": f"tests-{'-'.join(roles)}", "roles": list(roles)} | {
            name: claim for name, claim in claims.items() if claim
        }
        known = json.dumps(wanted, sort_keys=True)
        if known not in self._tokens:
            reply = self.request(
                "POST", "/onebox/tokens", self.operator(), json={"people": [wanted]}
            )
            self._tokens[known] = reply.raise_for_status().json()["tokens"][0]
        return self._tokens[known]

    def operator(self) -> str:
        """An operator's token."""
        if "operator" not in self._tokens:
            self._tokens["operator"] = self.client_token(SIMULATOR)
        return self._tokens["operator"]

    def request(
        self, verb: str, path: str, token: str = "", *, key: str = "", **what: Any
    ) -> httpx.Response:
        """One request, tried once."""
        headers: dict[str, Any] = {"Authorization": f"Bearer {token}"} if token else {}
        headers |= {"Idempotency-Key": key.encode()} if key else {}
        return self.http.request(verb, path, headers=headers | what.pop("headers", {}), **what)

    def get(self, path: str, token: str, **query: Any) -> dict[str, Any]:
        """An answer that must be 200."""
        answer = self.request("GET", path, token, params=query)
        assert answer.status_code == 200, f"GET {path}: {answer.status_code} {answer.text}"
        return dict(answer.json())

    def rows(self, path: str, token: str, **query: Any) -> list[dict[str, Any]]:
        """All rows of a list, page by page."""
        rows: list[dict[str, Any]] = []
        after = ""
        while True:
            page = self.get(path, token, limit=100, **({"after": after} if after else {}), **query)
            rows += page["rows"]
            if not (after := page.get("next", "")):
                return rows

    def post(self, path: str, token: str, body: dict[str, Any]) -> dict[str, Any]:
        """A command that must succeed; it is kept as a deed."""
        key = uuid4().hex
        answer = self.request("POST", path, token, key=key, json=body)
        assert answer.status_code == 200, f"POST {path} {body}: {answer.status_code} {answer.text}"
        self.deeds.append(Deed(path, key, token, body, answer.json()))
        return dict(answer.json())

    def clock(self, now: str) -> None:
        """Moves business time on and waits for what that makes due."""
        self.request("POST", "/onebox/clock", self.operator(), json={"now": now}).raise_for_status()
        self.quiet()

    def quiet(self) -> dict[str, Any]:
        """Waits until nothing is under way; what each service says of itself."""
        for _ in range(4):  # each time up to 50 s
            answer = self.request("GET", "/onebox/quiet", self.operator())
            if answer.status_code == 200:
                return dict(answer.json()["services"])
        raise AssertionError(f"the city does not come to rest: {answer.text[:3000]}")

    # --- from inside ---

    def query(self, service: str, *statements: str) -> list[list[Any]]:
        """Rows of statements on a service's own database."""

        async def asked() -> list[list[Any]]:
            connection = await asyncpg.connect(self._dsn(service))
            try:
                return [list(await connection.fetch(statement)) for statement in statements]
            finally:
                await connection.close()

        return asyncio.run(asked())

    def _dsn(self, service: str) -> str:
        return database(self.state, endpoints(self.state).postgres, service)

    def counts(self, without: Iterable[str]) -> dict[str, int]:
        """Rows by `service.table`."""
        found: dict[str, int] = {}
        for service in present():
            named = "select tablename from pg_tables where schemaname = 'public' order by 1"
            tables = [row[0] for row in self.query(service, named)[0] if row[0] not in set(without)]
            counted = self.query(service, *(f'select count(*) from "{table}"' for table in tables))  # noqa: S608 - the catalogue's own names
            found |= {
                f"{service}.{table}": rows[0][0]
                for table, rows in zip(tables, counted, strict=True)
            }
        return found

    def records(self, topics: Sequence[str]) -> list[Any]:
        """Every record of these topics, from the first to the last."""
        consumer = Consumer(
            {
                "bootstrap.servers": self.facts()["kafka"],
                "group.id": f"tests-{uuid4().hex}",
                "enable.auto.commit": False,
                "auto.offset.reset": "earliest",
                "log_level": 0,
            }
        )
        try:
            known = consumer.list_topics(timeout=20).topics
            places = [
                TopicPartition(topic, partition, 0)
                for topic in topics
                for partition in known[topic].partitions
            ]
            ends = {
                (place.topic, place.partition): consumer.get_watermark_offsets(place, timeout=20)
                for place in places
            }
            wanted = sum(high - low for low, high in ends.values())
            consumer.assign(
                [
                    TopicPartition(topic, partition, low)
                    for (topic, partition), (low, _) in ends.items()
                ]
            )
            found: list[Any] = []
            deadline = time.monotonic() + 60
            while len(found) < wanted:
                assert time.monotonic() < deadline, f"{len(found)} of {wanted} records after 60 s"
                found += [
                    record
                    for record in consumer.consume(500, timeout=1.0)
                    if record.error() is None
                ]
            return found
        finally:
            consumer.close()
