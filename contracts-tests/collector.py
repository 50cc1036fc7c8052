"""A collector of telemetry inside the test: takes spans over OTLP/gRPC and keeps them."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any

import grpc
from opentelemetry.proto.collector.metrics.v1 import metrics_service_pb2
from opentelemetry.proto.collector.trace.v1 import trace_service_pb2

METRICS = "opentelemetry.proto.collector.metrics.v1.MetricsService"
TRACES = "opentelemetry.proto.collector.trace.v1.TraceService"


@dataclass(frozen=True, slots=True)
class Seen:
    """One span. service: who recorded it. ids in hex. links: (trace id, span id)."""

    service: str
    name: str
    kind: int
    trace_id: str
    span_id: str
    parent_id: str
    links: tuple[tuple[str, str], ...]
    attributes: dict[str, Any]
    text: str = field(repr=False)


class Collector:
    """Answers TraceService and MetricsService on a free port; a city is given its `endpoint`."""

    def __init__(self) -> None:
        self.spans: list[Seen] = []
        self.metrics: list[str] = []
        self._server = grpc.server(
            ThreadPoolExecutor(4), options=(("grpc.max_receive_message_length", 64 << 20),)
        )
        for service, kind, take in (
            (TRACES, trace_service_pb2.ExportTraceServiceRequest, self._traced),
            (METRICS, metrics_service_pb2.ExportMetricsServiceRequest, self._measured),
        ):
            handler = grpc.unary_unary_rpc_method_handler(
                take, request_deserializer=kind.FromString
            )
            self._server.add_generic_rpc_handlers(
                (grpc.method_handlers_generic_handler(service, {"Export": handler}),)
            )
        self.endpoint = f"http://127.0.0.1:{self._server.add_insecure_port('127.0.0.1:0')}"

    def start(self) -> None:
        self._server.start()

    def stop(self) -> None:
        self._server.stop(1).wait()

    def _traced(self, request: Any, _: Any) -> bytes:
        for resource in request.resource_spans:
            service = dict(_pairs(resource.resource.attributes)).get("service.name", "")
            for scope in resource.scope_spans:
                self.spans += [_seen(str(service), span) for span in scope.spans]
        return b""

    def _measured(self, request: Any, _: Any) -> bytes:
        for resource in request.resource_metrics:
            self.metrics.append(" ".join(str(value) for value in _written(resource)))
        return b""


def _seen(service: str, span: Any) -> Seen:
    return Seen(
        service,
        span.name,
        span.kind,
        span.trace_id.hex(),
        span.span_id.hex(),
        span.parent_span_id.hex(),
        tuple((link.trace_id.hex(), link.span_id.hex()) for link in span.links),
        dict(_pairs(span.attributes)),
        f"{span.name} {' '.join(str(value) for value in _values(span))}",
    )


def _pairs(attributes: Any) -> Iterator[tuple[str, Any]]:
    for attribute in attributes:
        yield (
            attribute.key,
            getattr(attribute.value, attribute.value.WhichOneof("value") or "string_value"),
        )


def _written(resource: Any) -> Iterator[Any]:
    """Every text in a service's metrics; what was measured is left out, for a sum of seconds may
    hold any row of digits.
    """
    for name, value in _pairs(resource.resource.attributes):
        yield from (name, value)
    for scope in resource.scope_metrics:
        for metric in scope.metrics:
            yield from (metric.name, metric.description, metric.unit)
            for point in getattr(metric, metric.WhichOneof("data")).data_points:
                for labels in (
                    point.attributes,
                    *(exemplar.filtered_attributes for exemplar in point.exemplars),
                ):
                    for name, value in _pairs(labels):
                        yield from (name, value)


def _values(span: Any) -> Iterator[Any]:
    """Everything in a span that somebody wrote into it."""
    for attributes in (
        span.attributes,
        *(event.attributes for event in span.events),
        *(link.attributes for link in span.links),
    ):
        for name, value in _pairs(attributes):
            yield from (name, value)
    yield from (event.name for event in span.events)
    yield span.status.message
