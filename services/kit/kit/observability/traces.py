"""Spans: a call continues its caller's trace, a record continues the trace of the transaction that
emitted it.
"""

import random
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Protocol

import structlog
from opentelemetry import context as contexts
from opentelemetry import trace
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.trace import Link, NonRecordingSpan, SpanContext, Status, StatusCode, TraceFlags

from kit.observability.metrics import Attribute
from kit.observability.names import ATTRIBUTES, PROCESSED, PROCESSED_BATCH, Span

_FORM = re.compile(r"00-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}")

Attributes = Mapping[str, Attribute | None]

provider: TracerProvider | None = None
_tracer: trace.Tracer | None = None


class Handled(Protocol):
    """What a span needs to know of a record."""

    @property
    def id(self) -> str: ...
    @property
    def type(self) -> str: ...
    @property
    def topic(self) -> str: ...
    @property
    def partition(self) -> int: ...
    @property
    def offset(self) -> int: ...
    @property
    def traceparent(self) -> str | None: ...
    @property
    def correlation_id(self) -> str | None: ...


def provide(made: TracerProvider | None) -> None:
    """Spans are recorded by this provider from now on; by none, only their ids are passed on."""
    global provider, _tracer
    provider = made
    _tracer = made.get_tracer("eldercare") if made else None


def parsed(traceparent: str | None) -> SpanContext | None:
    """The span a W3C `traceparent` names, or None where it names none."""
    if not traceparent or _FORM.fullmatch(traceparent) is None:
        return None
    trace_id = int(traceparent[3:35], 16)
    span_id = int(traceparent[36:52], 16)
    flags = int(traceparent[53:], 16)
    return (
        SpanContext(trace_id, span_id, is_remote=True, trace_flags=TraceFlags(flags))
        if trace_id and span_id
        else None
    )


def trace_id_of(traceparent: str | None) -> str | None:
    """The id of the trace that a W3C `traceparent` stands in, or None where it names none.

    >>> parent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
    >>> trace_id_of(parent), trace_id_of("00-x"), trace_id_of(None)
    ('0af7651916cd43dd8448eb211c80319c', None, None)
    """
    found = parsed(traceparent)
    return f"{found.trace_id:032x}" if found is not None else None


def traceparent() -> str | None:
    """The current span, as W3C text to pass on or to keep; None outside of any."""
    current = trace.get_current_span().get_span_context()
    return (
        f"00-{current.trace_id:032x}-{current.span_id:016x}-{int(current.trace_flags):02x}"
        if current.is_valid
        else None
    )


def current_trace_id() -> str | None:
    """The id an operator looks for."""
    current = trace.get_current_span().get_span_context()
    return f"{current.trace_id:032x}" if current.is_valid else None


@contextmanager
def span(
    kind: Span,
    /,
    *,
    parent: str | None = None,
    root: bool = False,
    links: Iterable[str | None] = (),
    attributes: Attributes | None = None,
    **parts: str,
) -> Iterator[trace.Span]:
    """Runs the block inside a span; parts fill the braces of its name.

    parent: a traceparent, by default the current span. root: begins a new trace. Undeclared
    attributes are dropped.
    """
    above = parsed(parent) if parent else None
    if above is None and not root:
        current = trace.get_current_span().get_span_context()
        above = current if current.is_valid else None
    made = _begun(kind, above, links, attributes, parts)
    token = contexts.attach(trace.set_span_in_context(made))
    try:
        yield made
    except Exception as error:
        made.set_status(Status(StatusCode.ERROR, type(error).__name__))
        made.set_attribute("error.type", type(error).__name__)
        raise
    finally:
        contexts.detach(token)
        made.end()


def _begun(
    kind: Span,
    above: SpanContext | None,
    links: Iterable[str | None],
    attributes: Attributes | None,
    parts: dict[str, str],
) -> trace.Span:
    if _tracer is None:
        own = random.getrandbits(64) or 1  # no secret: it only has to be rare
        trace_id = above.trace_id if above else random.getrandbits(128) or 1
        return NonRecordingSpan(
            SpanContext(
                trace_id, own, False, above.trace_flags if above else TraceFlags(TraceFlags.SAMPLED)
            )
        )
    context = trace.set_span_in_context(NonRecordingSpan(above)) if above else contexts.Context()
    return _tracer.start_span(
        kind.named(**parts),
        context,
        kind.kind,
        allowed(attributes),
        [Link(origin) for link in links if (origin := parsed(link))],
        record_exception=False,
        set_status_on_exception=False,
    )


def allowed(attributes: Attributes | None) -> dict[str, Attribute]:
    """Keeps what is declared: a span bears nothing that nobody thought about."""
    return {
        name: value
        for name, value in (attributes or {}).items()
        if name in ATTRIBUTES and value is not None
    }


@contextmanager
def handling(facts: Sequence[Handled], group: str) -> Iterator[trace.Span]:
    """Traces the handling of records: one alone continues its own trace and is linked to it;
    several begin a new trace, linked to each.

    Log lines of a record handled alone bear its event id, correlation id, topic, partition and
    offset.
    """
    if len(facts) != 1:
        attributes: dict[str, Attribute | None] = {
            "messaging.system": "kafka",
            "messaging.consumer.group.name": group,
            "messaging.batch.message_count": len(facts),
        }
        with span(
            PROCESSED_BATCH,
            root=True,
            links=[fact.traceparent for fact in facts],
            attributes=attributes,
        ) as made:
            yield made
        return
    fact = facts[0]
    attributes = {
        "messaging.system": "kafka",
        "messaging.consumer.group.name": group,
        "messaging.destination.name": fact.topic,
        "messaging.destination.partition.id": str(fact.partition),
        "messaging.kafka.offset": fact.offset,
        "eldercare.event_id": fact.id,
        "eldercare.event_type": fact.type,
        "eldercare.correlation_id": fact.correlation_id,
    }
    with (
        structlog.contextvars.bound_contextvars(
            event_id=fact.id,
            correlation_id=fact.correlation_id,
            topic=fact.topic,
            partition=fact.partition,
            offset=fact.offset,
        ),
        span(
            PROCESSED,
            parent=fact.traceparent,
            root=True,
            links=[fact.traceparent],
            attributes=attributes,
            topic=fact.topic,
        ) as made,
    ):
        yield made
