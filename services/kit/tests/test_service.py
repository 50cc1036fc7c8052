import asyncio
import json
import os
import signal
import subprocess
import sys
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path
from typing import Any

import grpc
import httpx
import pytest
from grpc_health.v1 import health_pb2, health_pb2_grpc
from opentelemetry.proto.collector.metrics.v1 import metrics_service_pb2

from devservers.kafka import MemoryKafka
from devservers.postgres import Postgres, execute
from kit.db import migrations
from kit.observability import setup
from kit.runtime import process
from testkit import until

PROGRAM = """
from kit.runtime import entry
entry.prepare()
from kit.runtime.settings import Settings
{more}
settings = entry.settings(Settings)
entry.run(settings, servicers=lambda parts: [], group={group}, package="kit", also=[{also}])
"""
LOST_LOOP = """
import asyncio
async def broken(parts):
    await asyncio.sleep(0.2)
    raise RuntimeError("lost")
"""
WHOLE_STREET = """
from datetime import datetime, UTC
from uuid import UUID
from eldercare.assessment.v1.events_pb2 import ApplicationWithdrawn
from kit.contracts import wire
from kit.messaging import outbox
from kit.observability.logs import log
from kit.observability.traces import current_trace_id
from kit.security import audit
from kit.messaging.subscriptions import on
from kit.runtime.timers import set_timer, timer

KEY = str(UUID(int=7))

@on(ApplicationWithdrawn, group="kit")
async def hear(event, session):
    set_timer(session, session.now, "reminder", event.application_id)

@timer("reminder", group="kit")
async def remind(session, key):
    log.info("reminded", key=key, trace_id_of_timer=current_trace_id())

async def say(parts):
    async with parts.store.transaction() as session:
        event = ApplicationWithdrawn(
            application_id=KEY,
            elder_id=KEY,
            area_code="341102001003",
            withdrawn_at=wire.timestamp(session.now),
        )
        outbox.emit(session, event, sequence=1)
    import asyncio
    await asyncio.Event().wait()
"""


class Running:
    """A service in a process of its own."""

    def __init__(
        self,
        environment: dict[str, str],
        log: Path,
        more: str = "",
        also: str = "",
        group: str = "None",
    ) -> None:
        self.log = log
        program = [sys.executable, "-c", PROGRAM.format(more=more, also=also, group=group)]
        with log.open("w") as written:
            self.process = subprocess.Popen(
                program, env={**_bare(), **environment}, stdout=written, stderr=subprocess.PIPE
            )

    def lines(self) -> list[dict[str, Any]]:
        return [
            json.loads(line) for line in self.log.read_text().splitlines() if line.endswith("}")
        ]

    async def logged(self, event: str, timeout: float = 60) -> dict[str, Any]:
        return await until(
            lambda: next((line for line in self.lines() if line["event"] == event), None),
            timeout,
            what=event,
        )

    async def get(self, page: str) -> httpx.Response:
        started = await self.logged("started")
        async with httpx.AsyncClient(verify=False) as http:
            return await http.get(f"http://127.0.0.1:{started['management_port']}{page}", timeout=5)

    async def ready(self) -> dict[str, Any]:
        async def answer() -> dict[str, Any] | None:
            answer = await self.get("/ready")
            return answer.json() if answer.status_code == 200 else None

        return await until(answer, 60, what="ready")

    async def ended(self) -> int:
        return await asyncio.to_thread(self.process.wait, 60)


def _bare() -> dict[str, str]:
    return {name: os.environ[name] for name in ("PATH", "HOME", "LANG") if name in os.environ}


@pytest.fixture
async def dsn(postgres: Postgres) -> AsyncIterator[str]:
    """An empty database."""
    name = f"service_{os.urandom(4).hex()}"
    await execute(postgres.dsn(), f"create database {name}")
    yield postgres.dsn(name)
    await execute(postgres.dsn(), f"drop database {name} with (force)")


@pytest.fixture
def environment(dsn: str, memory_kafka: MemoryKafka, issuer: Any) -> dict[str, str]:
    return {
        "SERVICE": "kit",
        "DATABASE": dsn,
        "KAFKA": memory_kafka.address,
        "ISSUER": issuer.url,
        "KEYS_URL": issuer.keys_url,
        "ONE_BOX": "true",
    }


@pytest.fixture
def start(environment: dict[str, str], tmp_path: Path) -> Iterator[Callable[..., Running]]:
    started: list[Running] = []

    def begin(more: str = "", also: str = "", group: str = "None", **changed: str) -> Running:
        log = tmp_path / f"log-{len(started)}"
        log.touch()
        started.append(Running({**environment, **changed}, log, more, also, group))
        return started[-1]

    yield begin
    for running in started:
        if running.process.poll() is None:
            running.process.kill()
        running.process.wait()
        assert running.process.stderr
        running.process.stderr.close()


async def test_it_waits_for_its_schema_alive_but_not_ready_and_drains_on_sigterm(start, dsn):
    running = start()

    live, ready = await running.get("/live"), await running.get("/ready")
    assert (live.status_code, ready.status_code) == (200, 503)
    assert "run the migration of kit" in (await until(lambda: _reason(running, "schema"), 10))
    await asyncio.to_thread(migrations.upgrade, dsn, "kit")
    await running.ready()
    status = (await running.get("/status")).json()
    async with grpc.aio.insecure_channel(f"127.0.0.1:{status['grpc_port']}") as channel:
        health = health_pb2_grpc.HealthStub(channel)
        serving = [
            await health.Check(health_pb2.HealthCheckRequest(service=name))
            for name in ("live", "ready")
        ]
    running.process.send_signal(signal.SIGTERM)

    assert await running.ended() == 0
    assert [answer.status for answer in serving] == [health_pb2.HealthCheckResponse.SERVING] * 2
    assert {
        "service": "kit",
        "live": True,
        "ready": True,
        "reason": "",
        "schema": migrations.head("kit"),
        "outbox": 0,
        "due": 0,
        "waiting": 0,
        "parked": 0,
        "held": 0,
        "lag": 0,
        "emitted": 0,
        "positions": [],
    }.items() <= status.items()
    assert [line["event"] for line in running.lines()][-2:] == ["draining", "ended"]


async def test_a_service_consumes_what_it_publishes_and_a_timer_fires(start, dsn, memory_kafka):
    await asyncio.to_thread(migrations.upgrade, dsn, "kit")
    await asyncio.to_thread(memory_kafka.create_topics, ["eldercare.application.v1"])

    running = start(more=WHOLE_STREET, also="say", group="'kit'")
    entry = await running.logged("reminded")
    status = (await running.get("/status")).json()
    running.process.send_signal(signal.SIGTERM)

    assert entry["key"] == "00000000-0000-0000-0000-000000000007"
    assert sum(position["applied"] for position in status["positions"]) == 1
    assert (
        status["emitted"],
        status["outbox"],
        status["lag"],
        status["parked"],
        status["due"],
    ) == (1, 0, 0, 0, 0)
    assert await running.ended() == 0


async def _reason(running: Running, part: str) -> str:
    reason: str = (await running.get("/ready")).json()["reason"]
    return reason if part in reason else ""


async def test_where_metrics_are_pushed_they_are_measured_though_nobody_scrapes(start, dsn):
    await asyncio.to_thread(migrations.upgrade, dsn, "kit")
    gauges: set[str] = set()

    async def measured(request: Any, _: Any) -> Any:
        gauges.update(
            metric.name
            for resource in request.resource_metrics
            for scope in resource.scope_metrics
            for metric in scope.metrics
        )
        return metrics_service_pb2.ExportMetricsServiceResponse()

    collector = grpc.aio.server()
    export = grpc.unary_unary_rpc_method_handler(
        measured,
        metrics_service_pb2.ExportMetricsServiceRequest.FromString,
        metrics_service_pb2.ExportMetricsServiceResponse.SerializeToString,
    )
    collector.add_generic_rpc_handlers(
        (
            grpc.method_handlers_generic_handler(
                "opentelemetry.proto.collector.metrics.v1.MetricsService", {"Export": export}
            ),
        )
    )
    port = collector.add_insecure_port("127.0.0.1:0")
    await collector.start()

    soon = (
        "from kit.runtime import process, status; process.MEASURE_S = status._MEASURED_EVERY_S "
        "= 0.1"
    )
    start(more=soon, OTLP_ENDPOINT=f"http://127.0.0.1:{port}", OTEL_METRIC_EXPORT_INTERVAL="200")

    wanted = {
        "eldercare.ready",
        "eldercare.loop.age",
        "eldercare.outbox.depth",
        "eldercare.process.memory",
    }
    try:
        await until(lambda: wanted <= gauges, 60, what="gauges of the database are pushed")
    finally:
        await collector.stop(0)


async def test_metrics_are_text_for_prometheus(start, dsn):
    await asyncio.to_thread(migrations.upgrade, dsn, "kit")
    running = start()
    await running.ready()

    text = (await running.get("/metrics")).text

    assert 'eldercare_ready{service="kit"} 1' in text
    assert (
        f'eldercare_schema_revision_info{{service="kit",revision="{migrations.head("kit")}"}} 1'
        in text
    )
    assert 'eldercare_schema_behind{service="kit"} 0' in text
    assert 'eldercare_loop_age_seconds{service="kit",loop="relay 0"}' in text
    assert 'eldercare_loop_patience_seconds{service="kit",loop="relay 0"} 60' in text
    assert 'eldercare_process_memory_bytes{service="kit"}' in text
    port = (await running.logged("started"))["management_port"]
    async with httpx.AsyncClient(verify=False) as http:
        asked = {
            "Accept": "application/openmetrics-text;version=1.0.0,text/plain;version=0.0.4;q=0.5"
        }
        opened = await http.get(f"http://127.0.0.1:{port}/metrics", headers=asked, timeout=5)
    assert opened.headers["content-type"].startswith("application/openmetrics-text")
    assert opened.text.endswith("# EOF\n")


async def test_without_its_broker_it_lives_but_is_not_ready(start, dsn, memory_kafka):
    await asyncio.to_thread(migrations.upgrade, dsn, "kit")
    running = start()
    await running.ready()

    memory_kafka.stop()

    assert "no broker" in await until(lambda: _reason(running, "broker"), 10)
    assert (await running.get("/live")).status_code == 200


@pytest.mark.connected
async def test_a_wrong_password_of_kafka_is_a_reason_not_to_be_ready_and_none_to_end(
    start, dsn, guarded
):
    await asyncio.to_thread(migrations.upgrade, dsn, "kit")
    door = guarded["SCRAM"]
    user = {
        "KAFKA_SECURITY": door.security,
        "KAFKA_MECHANISM": door.mechanism,
        "KAFKA_USERNAME": door.username,
    }

    wrong = start(
        more=WHOLE_STREET,
        also="say",
        group="'kit'",
        KAFKA=door.brokers,
        **user,
        KAFKA_PASSWORD="guessed",
    )
    reason = await until(lambda: _reason(wrong, "refuses us: "), 20)
    live = await wrong.get("/live")
    await until(
        lambda: [line["event"] for line in wrong.lines()].count("kafka does not answer") > 1, 20
    )
    right = start(KAFKA=door.brokers, **user, KAFKA_PASSWORD=door.password)
    await right.ready()

    assert "SaslAuthenticationFailed" in reason
    assert live.status_code == 200
    assert wrong.process.poll() is None
    assert "guessed" not in wrong.log.read_text()


async def test_half_a_guard_of_kafka_is_refused_by_name_and_ends_with_2(start):
    running = start(KAFKA_SECURITY="SASL_SSL", KAFKA_USERNAME="city", KAFKA_PASSWORD="rain")

    assert await running.ended() == 2
    assert (
        b"setting KAFKA_MECHANISM: Value error, is needed with KAFKA_SECURITY=SASL_SSL"
        in running.process.stderr.read()
    )


async def test_a_failed_loop_ends_the_service_with_1(start, dsn):
    await asyncio.to_thread(migrations.upgrade, dsn, "kit")

    running = start(more=LOST_LOOP, also="broken")

    assert await running.ended() == 1
    assert "builtins.RuntimeError" in [line.get("error") for line in running.lines()]


def test_what_a_pod_has_to_grant_holds_drain_close_and_flush():
    assert process.LONGEST_S == process.DRAIN_S + process.CLOSE_S + setup.FLUSH_S
    assert process.LONGEST_S < 55, "the least grace period that the chart takes"


async def test_a_wrong_setting_is_named_without_its_value_and_ends_with_2(start):
    running = start(DATABASE="", PARTS="many secrets")

    assert await running.ended() == 2
    printed = running.process.stderr.read().decode()
    assert "setting PARTS" in printed
    assert "setting DATABASE" in printed
    assert "many secrets" not in printed


async def test_a_wrong_key_ends_it_with_2(start):
    running = start(PERSONAL_KEYS="k1:AAAA")

    assert await running.ended() == 2
    assert "personal_keys: key 'k1' must be 32 bytes" in running.lines()[-1]["text"]


async def test_a_signal_before_anything_began_ends_it_at_once(start):
    running = start(
        more="import sys, time; sys.stderr.write('here'); sys.stderr.flush(); time.sleep(30)"
    )
    assert await asyncio.to_thread(running.process.stderr.read, 4) == b"here"

    running.process.send_signal(signal.SIGTERM)

    assert await running.ended() == 0
