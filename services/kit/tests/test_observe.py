import asyncio
import json
import logging
import threading
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from typing import Any

import grpc
import pytest
from opentelemetry.proto.collector.metrics.v1 import metrics_service_pb2
from opentelemetry.proto.collector.trace.v1 import trace_service_pb2
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.trace import SpanKind

from kit.messaging.subscriptions import Fact
from kit.observability import logs, metrics, names, setup, traces
from kit.observability.logs import log

PERSONAL = [
    "name",
    "elder_name",
    "contact_name",
    "phone",
    "contact.phone",
    "mobile",
    "id_number",
    "address",
    "home_address",
    "token",
    "access_token",
    "authorization",
    "password",
    "client_secret",
    "position",
    "lat",
    "lon",
    "birth_date",
    "born_on",
    "body",
    "request",
    "payload",
    "answers",
]
SECRETS = [
    "34110219400101001X",
    "call 13800000001 now",
    "+8613800000001",
    "Bearer abcdefghijklmnop",
    "eyJhbGciOiJFZERTQSJ9.eyJzdWIiOiIx.c2ln",
]
PARENT = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
OTHER = "00-1af7651916cd43dd8448eb211c80319c-c7ad6b7169203331-01"


@pytest.fixture
def lines(capsys: pytest.CaptureFixture[str]) -> Iterator[Callable[[], list[dict]]]:
    """The lines a process has written since its telemetry began."""
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    setup.install("kit", level="info", version="1")
    yield lambda: [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    root.handlers[:] = handlers
    root.setLevel(level)


@pytest.fixture
def spans() -> Iterator[InMemorySpanExporter]:
    """Every span that ends."""
    exporter, provider = InMemorySpanExporter(), TracerProvider(shutdown_on_exit=False)
    provider.add_span_processor(SimpleSpanProcessor(exporter))
    traces.provide(provider)
    yield exporter
    traces.provide(None)


def _fact(number: int, parent: str) -> Fact:
    return Fact(
        id=f"event {number}",
        source="/s",
        type="t.E",
        subject="1",
        sequence=1,
        time=datetime(2026, 3, 2, tzinfo=UTC),
        topic="eldercare.elder.v1",
        partition=3,
        offset=number,
        payload=b"",
        traceparent=parent,
        correlation_id="flow 1",
    )


@pytest.mark.parametrize("key", PERSONAL)
def test_a_log_line_bears_nothing_personal_or_secret(lines, key):
    log.info("placed", **{key: "李小明"}, inner={key: "李小明", "order_id": 1}, order_id=1)

    line = lines()[0]
    assert "李小明" not in str(line)
    assert line["dropped"] == [key]
    assert (line["order_id"], line["inner"]) == (1, {"order_id": 1})


@pytest.mark.parametrize("key", PERSONAL)
def test_a_span_bears_only_what_is_declared(spans, key):
    with traces.span(names.SOLVED, kind="plan", attributes={key: "李小明", "eldercare.count": 3}):
        pass

    assert dict(spans.get_finished_spans()[0].attributes) == {"eldercare.count": 3}


def test_no_declared_name_is_one_for_personal_data():
    used = {attribute for metric in metrics.declared.values() for attribute in metric.attributes}

    assert [
        name
        for name in {*names.ATTRIBUTES, *used}
        if logs.denied(name)
        and name
        not in {
            "messaging.destination.name",
            "messaging.consumer.group.name",  # of a topic and a group, fixed by the conventions
        }
    ] == []
    assert all(
        metric.meaning.endswith(".") and metric.name.startswith("eldercare.")
        for metric in metrics.declared.values()
    )


@pytest.mark.parametrize("text", SECRETS)
def test_ids_phones_and_tokens_are_hidden_wherever_they_stand(lines, text):
    log.warning(f"refused {text}", reason=text, list=[text])
    logging.getLogger("some.library").error("failed with %s", text)

    for line in lines():
        assert "[" in line["event"]
        assert not any(
            secret in str(line)
            for secret in ("34110219400101001X", "13800000001", "abcdefghijklmnop", "eyJzdWIi")
        )


def test_an_error_is_logged_by_class_and_place_and_not_by_its_values(lines):
    secret = "琅琊区李小明"

    def fail() -> None:
        raise ValueError(
            f"duplicate {secret}\nDETAIL:  Key (phone)=(x7) already exists. [parameters: ('x7',)]"
        )

    try:
        fail()
    except ValueError as error:
        log.error("failed", exc_info=error)
        logging.getLogger("some.library").exception("oh %s", secret)

    ours, theirs = lines()
    assert (ours["error"], ours["error_text"]) == ("builtins.ValueError", "duplicate …")
    assert ours["stack"][-1].endswith(" fail")
    assert not any(secret in str(line) or "x7" in str(line) for line in (ours, theirs))


def test_a_line_bears_the_ids_of_its_span_and_its_event(lines):
    with traces.handling([_fact(7, PARENT)], group="subsidy"):
        trace_id = traces.current_trace_id()
        log.info("inside")
        logging.getLogger("some.library").warning("inside too")
    log.info("outside")

    inside, too, outside = lines()
    for line in (inside, too):
        assert line["trace_id"] == trace_id == PARENT[3:35]
        assert (len(line["span_id"]), line["trace_flags"], line["level"]) == (
            16,
            1,
            "info" if line is inside else "warning",
        )
        assert (
            line["event_id"],
            line["correlation_id"],
            line["topic"],
            line["partition"],
            line["offset"],
        ) == ("event 7", "flow 1", "eldercare.elder.v1", 3, 7)
    assert "trace_id" not in outside
    assert "event_id" not in outside


def test_a_record_alone_continues_its_trace_and_is_linked_to_it(spans):
    with traces.handling([_fact(7, PARENT)], group="subsidy"):
        header = traces.traceparent()

    span = spans.get_finished_spans()[0]
    assert (span.name, span.kind) == ("process eldercare.elder.v1", SpanKind.CONSUMER)
    assert traces.parsed(PARENT).span_id == span.parent.span_id == span.links[0].context.span_id
    assert header == f"{PARENT[:35]}-{span.context.span_id:016x}-01"
    assert span.attributes["messaging.kafka.offset"] == 7


def test_a_batch_is_a_new_trace_linked_to_each_of_its_records(spans):
    with (
        traces.span(names.SOLVED, kind="outer"),
        traces.handling([_fact(7, PARENT), _fact(8, OTHER)], group="subsidy"),
    ):
        pass

    span = spans.get_finished_spans()[0]
    assert span.parent is None
    assert [f"{link.context.trace_id:032x}" for link in span.links] == [PARENT[3:35], OTHER[3:35]]


def test_a_failed_span_tells_the_class_of_the_error_alone(spans):
    with pytest.raises(ValueError, match="李小明"), traces.span(names.SOLVED, kind="plan"):
        raise ValueError("李小明")

    span = spans.get_finished_spans()[0]
    assert "李小明" not in span.to_json()
    assert (span.status.is_ok, span.attributes["error.type"]) == (False, "ValueError")


@pytest.mark.parametrize(
    "parent",
    [
        None,
        "",
        "nonsense",
        PARENT.replace("00-", "ff-", 1),
        "00-" + "0" * 32 + "-b7ad6b7169203331-01",
    ],
)
def test_a_traceparent_that_names_nothing_begins_a_new_trace(parent):
    with traces.span(names.SOLVED, kind="plan", parent=parent):
        header = traces.traceparent()

    assert traces.parsed(header) is not None
    assert header[3:35] != PARENT[3:35]


def test_without_an_exporter_ids_are_passed_on_all_the_same():
    with traces.span(names.SOLVED, kind="plan", parent=PARENT):
        header = traces.traceparent()

    assert header[:35] == PARENT[:35]
    assert header != PARENT
    assert traces.traceparent() is None


def test_metrics_are_written_as_prometheus_reads_them():
    names.REFUSED.add(2, method='a"b', reason="X")
    names.TIMER_LATE.record(0.03, kind="test")
    names.TIMER_LATE.record(7000, kind="test")
    names.READY.set(0)
    names.LOOP_AGE.set(float("inf"), loop="test")
    metrics.set_service("kit")

    text = metrics.prometheus()
    assert "# TYPE eldercare_refused_total counter\n" in text
    assert 'eldercare_refused_total{service="kit",method="a\\"b",reason="X"} 2' in text
    assert 'eldercare_timer_late_seconds_bucket{service="kit",kind="test",le="0.025"} 0' in text
    assert 'eldercare_timer_late_seconds_bucket{service="kit",kind="test",le="0.05"} 1' in text
    assert 'eldercare_timer_late_seconds_bucket{service="kit",kind="test",le="1.0"} 1' in text
    assert 'eldercare_timer_late_seconds_bucket{service="kit",kind="test",le="+Inf"} 2' in text
    assert 'eldercare_timer_late_seconds_count{service="kit",kind="test"} 2' in text
    assert '\neldercare_ready{service="kit"} 0\n' in text
    assert '\neldercare_loop_age_seconds{service="kit",loop="test"} +Inf\n' in text


def test_a_value_of_many_things_counts_for_each_of_them():
    names.FRESHNESS.record(0.3, 7, group="weighed", topic="t")
    names.FRESHNESS.record(20.0, group="weighed", topic="t")

    lines = [line for line in metrics.prometheus().splitlines() if 'group="weighed"' in line]
    assert [
        line.rpartition(" ")[2]
        for line in lines
        if 'le="0.5"' in line or "_count" in line or "_sum" in line
    ] == ["7", "22.1", "8"]


def test_a_counter_follows_a_total_and_never_falls():
    for total in (3.0, 5.5, 4.0):
        names.CPU.reach(total)

    assert names.CPU.series[()] == 5.5


def test_what_is_so_no_longer_is_reported_no_longer():
    names.PARKED_NOW.all({("g", "A"): 1, ("g", "B"): 2})
    names.PARKED_NOW.all({("g", "B"): 3})

    assert names.PARKED_NOW.series == {("g", "B"): 3}
    names.PARKED_NOW.all({})


def test_metrics_are_also_written_as_openmetrics_reads_them():
    names.REFUSED.add(1, method="open", reason="X")

    text = metrics.openmetrics()
    assert "# TYPE eldercare_refused counter\n" in text
    assert 'method="open",reason="X"} 1\n' in text
    assert text.endswith("\n# EOF\n")
    assert {
        line.split(" ")[0].partition("{")[0]
        for line in text.splitlines()
        if "_refused" in line and line[0] != "#"
    } == {"eldercare_refused_total"}


def test_a_metric_refuses_attributes_that_are_not_declared():
    for wrong in ({"kind": "a", "elder_id": "1"}, {}):
        with pytest.raises(ValueError, match="bears exactly"):
            names.TIMER_FAILED.add(1, **wrong)


def test_an_attribute_without_bounds_does_not_eat_the_memory():
    for number in range(3000):
        names.TIMER_FAILED.add(1, kind=str(number))

    assert len(names.TIMER_FAILED.series) == 2000
    names.TIMER_FAILED.series.clear()


class Collector:
    """Takes what OTLP exporters send, over a real connection."""

    def __init__(self) -> None:
        self.spans: list[Any] = []
        self.metrics: list[Any] = []

    async def start(self) -> tuple[grpc.aio.Server, int]:
        server = grpc.aio.server()
        for service, request, reply, taken in (
            (
                "trace.v1.Trace",
                trace_service_pb2.ExportTraceServiceRequest,
                trace_service_pb2.ExportTraceServiceResponse,
                self._traced,
            ),
            (
                "metrics.v1.Metrics",
                metrics_service_pb2.ExportMetricsServiceRequest,
                metrics_service_pb2.ExportMetricsServiceResponse,
                self._measured,
            ),
        ):
            handler = grpc.unary_unary_rpc_method_handler(
                taken, request.FromString, reply.SerializeToString
            )
            name = f"opentelemetry.proto.collector.{service}Service"
            server.add_generic_rpc_handlers(
                (grpc.method_handlers_generic_handler(name, {"Export": handler}),)
            )
        port = server.add_insecure_port("127.0.0.1:0")
        await server.start()
        return server, port

    async def _traced(self, request: Any, _: Any) -> Any:
        self.spans += [
            span
            for resource in request.resource_spans
            for scope in resource.scope_spans
            for span in scope.spans
        ]
        return trace_service_pb2.ExportTraceServiceResponse()

    async def _measured(self, request: Any, _: Any) -> Any:
        self.metrics += [
            metric
            for resource in request.resource_metrics
            for scope in resource.scope_metrics
            for metric in scope.metrics
        ]
        return metrics_service_pb2.ExportMetricsServiceResponse()


async def test_a_flush_waits_for_a_silent_collector_no_longer_than_its_bound():
    answered = threading.Event()

    class Silent(TracerProvider):
        def force_flush(self, timeout_millis: int = 0) -> bool:
            return answered.wait()

    traces.provide(Silent(shutdown_on_exit=False))

    async with asyncio.timeout(5):
        await setup.flush(0.1)

    assert not answered.is_set()
    answered.set()
    traces.provide(None)


async def test_what_was_traced_and_measured_has_left_when_the_flush_returns():
    collector = Collector()
    server, port = await collector.start()
    setup.pushed_to("kit", f"http://127.0.0.1:{port}")

    with traces.span(
        names.SOLVED, kind="plan", attributes={"name": "李小明", "eldercare.count": 3}
    ):
        names.COMMANDS.add(3, method="m", outcome="done")
        names.RPC_DURATION.record(0.2, method="m", code="EXAMPLE")
    text = metrics.openmetrics()
    await setup.flush()

    bucket = next(line for line in text.splitlines() if 'code="EXAMPLE",le="0.25"' in line)
    assert f' 1 # {{trace_id="{collector.spans[0].trace_id.hex()}"}} 0.2 ' in bucket
    assert "trace_id" not in metrics.prometheus()
    assert [(span.name, [entry.key for entry in span.attributes]) for span in collector.spans] == [
        ("solve plan", ["eldercare.count"])
    ]
    assert {metric.name for metric in collector.metrics} >= {
        "eldercare.command",
        "eldercare.rpc.duration",
    }
    await asyncio.to_thread(setup.pushed_to, "kit", None)
    await server.stop(0)
