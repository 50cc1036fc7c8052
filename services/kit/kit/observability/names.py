"""Every name of a span, attribute and metric, once, with unit and meaning; rules and dashboards are
checked against this table.
"""

from dataclasses import dataclass

from opentelemetry.trace import SpanKind

from kit.observability.metrics import Counter, Gauge, Histogram

VERSION = "1"


@dataclass(frozen=True)
class Span:
    """pattern: the span's name, with what varies in braces."""

    pattern: str
    kind: SpanKind
    meaning: str

    def named(self, **parts: str) -> str:
        """The name of one span."""
        return self.pattern.format(**parts)


RPC_SERVED = Span("{method}", SpanKind.SERVER, "a call answered, from first to last byte")
RPC_CALLED = Span("{method}", SpanKind.CLIENT, "a call to a neighbour")
HTTP_SERVED = Span("{method} {route}", SpanKind.SERVER, "a request answered by the gateway")
SENT = Span(
    "send {topic}",
    SpanKind.PRODUCER,
    "a message handed to the broker; links to the transaction that wrote it",
)
PROCESSED = Span(
    "process {topic}",
    SpanKind.CONSUMER,
    "one record handled alone: child of and linked to what said it",
)
PROCESSED_BATCH = Span(
    "process batch",
    SpanKind.CONSUMER,
    "records handled as one: a new root, linked to what said each",
)
FIRED = Span("fire {kind}", SpanKind.INTERNAL, "a timer fired")
SOLVED = Span("solve {kind}", SpanKind.INTERNAL, "a plan computed in a child process")

ATTRIBUTES = {
    "rpc.system": "always grpc",
    "rpc.service": "full name of the proto service",
    "rpc.method": "name of the method",
    "rpc.grpc.status_code": "name of the status",
    "http.request.method": "verb",
    "http.route": "path template, never the path",
    "http.response.status_code": "status",
    "messaging.system": "always kafka",
    "messaging.destination.name": "topic",
    "messaging.destination.partition.id": "partition",
    "messaging.kafka.offset": "offset",
    "messaging.consumer.group.name": "group",
    "messaging.batch.message_count": "records in the batch",
    "eldercare.reason": "stable reason of a refusal",
    "eldercare.event_id": "id of the event",
    "eldercare.event_type": "full name of the event's message",
    "eldercare.correlation_id": "id of the flow",
    "eldercare.timer": "kind of timer",
    "eldercare.count": "things in this unit of work",
    "error.type": "class of the error",
}

RPC_DURATION = Histogram(
    "eldercare.rpc.duration",
    "s",
    "Time from request to answer of a served call.",
    ("method", "code"),
)
RPC_OPEN = Gauge("eldercare.rpc.open", "{call}", "Calls being served now.")
RPC_CALL_DURATION = Histogram(
    "eldercare.rpc.call.duration", "s", "Time that a neighbour took to answer.", ("method", "code")
)
REFUSED = Counter(
    "eldercare.refused", "{refusal}", "Requests refused, by stable reason.", ("method", "reason")
)
COMMANDS = Counter(
    "eldercare.command",
    "{command}",
    "Commands by outcome: done, repeated, refused.",
    ("method", "outcome"),
)
HTTP_DURATION = Histogram(
    "eldercare.http.duration", "s", "Time from request to answer at the gateway.", ("route", "code")
)
HTTP_FAILED = Counter(
    "eldercare.http.failed",
    "{request}",
    "Requests that the platform owes a good answer: those answered with 5xx.",
)

OUTBOX_DEPTH = Gauge(
    "eldercare.outbox.depth", "{message}", "Messages not yet acknowledged by the broker.", ("part",)
)
OUTBOX_OLDEST = Gauge(
    "eldercare.outbox.oldest", "s", "Age of the oldest message not yet acknowledged.", ("part",)
)
OUTBOX_DELAY = Histogram(
    "eldercare.outbox.delay", "s", "Time from commit to the broker's acknowledgement.", ("topic",)
)
OUTBOX_SENT = Counter(
    "eldercare.outbox.sent", "{message}", "Messages acknowledged by the broker.", ("topic",)
)
OUTBOX_FAILED = Counter(
    "eldercare.outbox.failed", "{round}", "Rounds of the relay that failed.", ("part",)
)

CONSUMER_POSITION = Gauge(
    "eldercare.consumer.position",
    "{record}",
    "Offset that is read next.",
    ("group", "topic", "partition"),
)
CONSUMER_BEHIND = Gauge(
    "eldercare.consumer.behind",
    "s",
    "Time since the last applied record was sent, where more is there to read; else 0.",
    ("group", "topic"),
)
CONSUMER_LAG = Gauge(
    "eldercare.consumer.lag",
    "{record}",
    "Records between our position and the end.",
    ("group", "topic", "partition"),
)
FRESHNESS = Histogram(
    "eldercare.event.freshness",
    "s",
    "Age of an event when its effect is committed, real time.",
    ("group", "topic"),
)
APPLIED = Counter("eldercare.event.applied", "{record}", "Records applied.", ("group", "topic"))
REPEATED = Counter(
    "eldercare.event.repeated", "{record}", "Records heard before, skipped.", ("group", "topic")
)
FOREIGN = Counter(
    "eldercare.event.foreign",
    "{record}",
    "Records of types this group does not hear.",
    ("group", "topic"),
)
PARKED = Counter(
    "eldercare.event.parked",
    "{record}",
    "Records parked, by class of reason: undecodable, refused, defect, waited.",
    ("group", "topic", "reason"),
)
REPLAYED = Counter(
    "eldercare.event.replayed",
    "{record}",
    "Parked records that were applied when replayed.",
    ("group", "topic"),
)
PARKED_NOW = Gauge(
    "eldercare.event.parked.now",
    "{record}",
    "Records parked and not yet replayed, by reason.",
    ("group", "reason"),
)
PARKED_OLDEST = Gauge(
    "eldercare.event.parked.oldest", "s", "Time since the oldest of them was parked.", ("group",)
)
WAITING_NOW = Gauge(
    "eldercare.event.waiting.now",
    "{record}",
    "Records waiting for a fact not heard yet.",
    ("group",),
)
HELD_NOW = Gauge(
    "eldercare.event.held.now",
    "{record}",
    "Records queued behind a parked one of their key.",
    ("group",),
)
BATCH_DURATION = Histogram(
    "eldercare.batch.duration", "s", "Time of one batch, begin to commit.", ("group",)
)
BATCH_REPLAYED = Counter(
    "eldercare.batch.replayed",
    "{batch}",
    "Batches rolled back and replayed record by record.",
    ("group",),
)
REBALANCED = Counter(
    "eldercare.consumer.rebalanced", "{time}", "Times the partitions were dealt anew.", ("group",)
)

TIMERS_DUE = Gauge("eldercare.timer.due", "{timer}", "Timers due and not yet fired.")
TIMER_LATE = Histogram(
    "eldercare.timer.late", "s", "Time between due and fired, business time.", ("kind",)
)
TIMER_FAILED = Counter(
    "eldercare.timer.failed", "{timer}", "Firings that failed and will be tried again.", ("kind",)
)

SEALED = Counter("eldercare.audit.sealed", "{record}", "Audit records chained by the sealer.")
UNSEALED = Gauge("eldercare.audit.unsealed", "{record}", "Audit records not yet chained.")

LOOP_AGE = Gauge("eldercare.loop.age", "s", "Time since a loop last made progress.", ("loop",))
LOOP_PATIENCE = Gauge(
    "eldercare.loop.patience",
    "s",
    "Time without progress after which a loop counts as dead.",
    ("loop",),
)
SCHEMA = Gauge(
    "eldercare.schema.revision.info", "", "1 for the revision the database is at.", ("revision",)
)
SCHEMA_BEHIND = Gauge(
    "eldercare.schema.behind", "", "1 while the database lacks a migration that this program needs."
)
BUILD = Gauge("eldercare.build.info", "", "1 for the version that runs.", ("version",))
READY = Gauge("eldercare.ready", "", "1 while the process is ready.")
CPU = Counter("eldercare.process.cpu", "s", "Processor time that this process has used.")
MEMORY = Gauge("eldercare.process.memory", "By", "Memory that this process keeps resident.")
STARTED = Gauge("eldercare.process.started", "s", "Unix time at which this process began.")

PROOF_DIFFERENCES = Gauge(
    "eldercare.proof.differences",
    "{figure}",
    "Figures of the newest proofs that differ from the archive.",
)
PROOF_FIGURES = Gauge(
    "eldercare.proof.figures", "{figure}", "Figures that the newest proof compared."
)
COUNTS_OUTDATED = Gauge(
    "eldercare.counts.outdated",
    "",
    "1 while the board shows counts made by the rules of another release, which are then "
    "made anew.",
)
PROOF_AGE = Gauge("eldercare.proof.age", "s", "Time since the newest proof, business time.")
WATERMARK_AGE = Gauge(
    "eldercare.watermark.age",
    "s",
    "Time since the newest fact that the board counts, business time.",
    ("topic",),
)
