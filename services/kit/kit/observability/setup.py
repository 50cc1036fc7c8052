"""Telemetry of one process: where it goes, and that it is gone before the process is."""

import asyncio
import threading
from contextlib import suppress

from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import PeriodicExportingMetricReader
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor

from kit.observability import logs, metrics, names, traces

FLUSH_S = 5.0


def install(
    service: str, *, level: str = "info", otlp_endpoint: str | None = None, version: str = ""
) -> None:
    """Begins logging, tracing and measuring for this process; spans and metrics are pushed only
    where an endpoint is given.
    """
    logs.install(level)
    pushed_to(service, otlp_endpoint, version=version)
    metrics.set_service(service)
    names.BUILD.set(1, version=version)


def pushed_to(service: str, otlp_endpoint: str | None, *, version: str = "") -> None:
    """Sends spans and metrics to this endpoint from now on; to none, they stay here."""
    for old in (traces.provider, metrics.provider):
        if old is not None:
            old.shutdown()
    traces.provide(None)
    metrics.provide(None)
    if not otlp_endpoint:
        return
    from opentelemetry.exporter.otlp.proto.grpc.metric_exporter import OTLPMetricExporter
    from opentelemetry.exporter.otlp.proto.grpc.trace_exporter import OTLPSpanExporter

    resource = Resource.create(
        {"service.name": service, "service.namespace": "eldercare", "service.version": version}
    )
    insecure = not otlp_endpoint.startswith("https")
    tracing = TracerProvider(resource=resource, shutdown_on_exit=False)
    tracing.add_span_processor(
        BatchSpanProcessor(OTLPSpanExporter(endpoint=otlp_endpoint, insecure=insecure))
    )
    traces.provide(tracing)
    reader = PeriodicExportingMetricReader(
        OTLPMetricExporter(endpoint=otlp_endpoint, insecure=insecure)
    )
    metrics.provide(
        MeterProvider(metric_readers=[reader], resource=resource, shutdown_on_exit=False)
    )


async def flush(patience_s: float = FLUSH_S) -> None:
    """Pushes what is left, spans and metrics at once and off the loop, and waits at most so long,
    also for a collector that is silent.
    """
    pushed = [
        asyncio.Event() for provider in (traces.provider, metrics.provider) if provider is not None
    ]
    loop = asyncio.get_running_loop()

    def push(provider: TracerProvider | MeterProvider, done: asyncio.Event) -> None:
        provider.force_flush(int(patience_s * 1000))
        with suppress(RuntimeError):  # the loop has been closed meanwhile: nobody waits any more
            loop.call_soon_threadsafe(done.set)

    for provider, done in zip(
        filter(None, (traces.provider, metrics.provider)), pushed, strict=True
    ):
        # no thread of the loop's own pool: the end of the loop would wait for it, however long it
        # takes
        threading.Thread(target=push, args=(provider, done), daemon=True, name="flush").start()
    with suppress(TimeoutError):
        async with asyncio.timeout(patience_s):
            for done in pushed:
                await done.wait()
