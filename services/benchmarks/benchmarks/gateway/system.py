"""What is measured, up and filled: gateway and assessment as their own processes, elders in a
PostgreSQL, tokens of the issuer, and the same application with no service behind it.
"""

import asyncio
import base64
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path

import httpx
import psutil
import uvloop
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ed25519
from google.protobuf import json_format

from devservers.kafka import MemoryKafka
from devservers.postgres import Postgres, execute
from devservers.process import Process, free_port, listens
from gateway.contracts.methods import methods
from gateway.feed import consumers  # noqa: F401 – consumers fill a table
from kit.contracts import areas, ids, numbers
from kit.db import migrations
from kit.messaging.subscriptions import subscriptions_of

SERVICE, METHOD = "assessment", "eldercare.assessment.v1.Elders/Get"
ELDERS = 200


class Program(Process):
    """A service of ours with this environment. port: where it listens when it is up."""

    def __init__(self, name: str, folder: Path, port: int, given: dict[str, str]) -> None:
        super().__init__(name, folder / f"{name}.log")
        self.port, self._given = port, given

    def command(self) -> list[str]:
        return [sys.executable, "-m", self.name]

    def environment(self) -> dict[str, str]:
        return {**os.environ, **self._given}

    def answers(self) -> bool:
        return listens(self.port)


@dataclass(frozen=True)
class System:
    """What is measured: ports, requests that were made beforehand, and the processes behind, by
    name.
    """

    ports: dict[str, int]
    requests: dict[str, list[bytes]]
    processes: dict[str, list[psutil.Process]]


@contextmanager
def system() -> Iterator[System]:
    """Everything up, with elders registered through the gateway, until the block ends."""
    with (
        ExitStack() as ends,
        tempfile.TemporaryDirectory(prefix="bench-", ignore_cleanup_errors=True) as scratch,
    ):
        folder = Path(scratch)
        cluster, broker = Postgres(folder / "postgres"), MemoryKafka(folder / "kafka")
        for server in (cluster, broker):
            server.start()
            ends.callback(server.stop)
        broker.create_topics(
            sorted(
                {subscription.topic for subscription in subscriptions_of("gateway").values()}
                | {"eldercare.elder.v1"}
            )
        )
        for name in (SERVICE, "gateway"):
            asyncio.run(execute(cluster.dsn(), f"create database {name}"))
            migrations.upgrade(cluster.dsn(name), name)
        programs, url = _programs(folder, cluster, broker.address)
        for program in programs:
            program.start()
            ends.callback(program.stop)
        token, elder_ids, reply = uvloop.run(_registered(url))
        ports, requests = (
            {"whole": programs[1].port},
            {"whole": [_request(elder_id, token) for elder_id in elder_ids]},
        )
        processes = {program.name: [psutil.Process(program.pid)] for program in programs} | {
            "postgres": [psutil.Process(cluster.pid)]
        }
        for kind in ("plain", "edge"):
            child = subprocess.Popen(
                [
                    sys.executable,
                    "-m",
                    "benchmarks.gateway.bare",
                    kind,
                    METHOD,
                    url,
                    f"{url}/.well-known/jwks.json",
                ],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
            )
            ends.callback(child.wait)
            ends.callback(child.terminate)
            assert child.stdin is not None
            assert child.stdout is not None
            child.stdin.write(reply)
            child.stdin.close()
            ports[kind], requests[kind] = int(child.stdout.readline()), requests["whole"]
            processes[kind] = [psutil.Process(child.pid)]
        yield System(ports, requests, processes)


def _programs(folder: Path, cluster: Postgres, kafka: str) -> tuple[list[Program], str]:
    grpc, listen = free_port(), free_port()
    url = f"http://127.0.0.1:{listen}"
    signing = ed25519.Ed25519PrivateKey.generate().private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    nobody = (
        f"127.0.0.1:{free_port()}"  # all routes are there, as in a city; nobody asks for the others
    )
    services = {each.full_name.rsplit(".", 1)[0]: nobody for each in methods()} | {
        f"eldercare.{SERVICE}.v1": f"127.0.0.1:{grpc}"
    }
    shared = {
        "KAFKA": kafka,
        "ISSUER": url,
        "KEYS_URL": f"{url}/.well-known/jwks.json",
        "PERSONAL_KEYS": _key(),
        "HASH_KEYS": _key(),
        "ONE_BOX": "true",
        "MANAGEMENT": "127.0.0.1:0",
    }
    return [
        Program(
            SERVICE,
            folder,
            grpc,
            shared | {"DATABASE": cluster.dsn(SERVICE), "GRPC": f"127.0.0.1:{grpc}"},
        ),
        Program(
            "gateway",
            folder,
            listen,
            shared
            | {
                "DATABASE": cluster.dsn("gateway"),
                "LISTEN": f"127.0.0.1:{listen}",
                "SIGNING_KEY": signing.decode(),
                "SERVICES": json.dumps(services),
            },
        ),
    ], url


def _key() -> str:
    return "bench:" + base64.b64encode(os.urandom(32)).decode()


async def _registered(url: str) -> tuple[str, list[str], bytes]:
    """An official's token, the ids of registered elders, and the reply for one of them as the
    service gave it.
    """
    home = areas.load().within("341102000000", areas.COMMUNITY)[0].code
    (method,) = (method for method in methods() if method.full_name == METHOD)
    async with httpx.AsyncClient(base_url=url, timeout=30) as http:
        granted = await http.post(
            "/token", data={"grant_type": "password", "username": "city", "password": "demo"}
        )
        token = granted.raise_for_status().json()["access_token"]
        http.headers["Authorization"] = f"Bearer {token}"
        elder_ids = []
        for n in range(ELDERS):
            digits = f"341102{date(1940, 1, 1) + timedelta(days=n):%Y%m%d}001"
            answer = await http.post(
                "/v1/elders",
                headers={"Idempotency-Key": str(ids.new())},
                json={
                    "name": "李小明",
                    "id_number": digits + numbers.resident_check(digits),
                    "phone": "13800000001",
                    "address": "琅琊路1号",
                    "area_code": home,
                    "lon": 118.3,
                    "lat": 32.3,
                    "living": "LIVING_ALONE",
                    "hardships": ["HARDSHIP_DIBAO"],
                    "local_register": True,
                    "contact_name": "王小红",
                    "contact_phone": "13900000001",
                },
            )
            elder_ids.append(answer.raise_for_status().json()["elder"]["elder_id"])
        record = (await http.get(f"/v1/elders/{elder_ids[0]}")).raise_for_status().json()
    return token, elder_ids, json_format.ParseDict(record, method.reply()).SerializeToString()


def _request(elder_id: str, token: str) -> bytes:
    return (
        f"GET /v1/elders/{elder_id} HTTP/1.1\r\nHost: bench\r\nAccept: */*\r\nAuthorization: "
        f"Bearer {token}\r\n\r\n"
    ).encode()
