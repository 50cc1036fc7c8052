"""Five pages: is the promise kept, do events flow, does the front door answer, are the processes
well, are the figures right.
"""

from kit.observability import names
from observability import panels
from observability.panels import (
    RATE,
    Query,
    count,
    greatest,
    lines,
    number,
    of,
    quantile,
    rate,
    sheet,
)
from observability.slos import BURNS, SLOS

FAST = BURNS[0]
NODE = "service, pod"


def overview() -> str:
    """Objectives and what is wrong now."""
    kept = [
        number(
            slo.title,
            "percentunit",
            Query(f"1 - {slo.ratio('3d')}{{{panels.HERE}}}", "{{service}}"),
            width=4 if index else 8,
            says=f"Share of {slo.promise}, over three days; promised: {100 * slo.objective:g} %.",
        )
        for index, slo in enumerate(SLOS)
    ]
    burns = [
        lines(
            f"{slo.title}: how fast the budget burns",
            "none",
            Query(f"{slo.ratio('1h')}{{{panels.HERE}}} / {slo.budget}", "{{service}} 1 h"),
            Query(f"{slo.ratio('1d')}{{{panels.HERE}}} / {slo.budget}", "{{service}} 1 d"),
            width=8,
            limit=FAST.factor,
            says=f"1 spends the budget of 30 days in 30 days. {FAST.factor:g} wakes somebody.",
        )
        for slo in SLOS
    ]
    now = [
        number(
            "Services ready",
            "none",
            Query(f"count(max by (namespace, service) ({of(names.READY)}) == 1)"),
            says="Of seven.",
        ),
        number(
            "Lag",
            "short",
            Query(
                "sum(max by (namespace, service, group, topic, partition) "
                f"({of(names.CONSUMER_LAG)}))"
            ),
        ),
        number(
            "Outbox", "short", Query(f"sum(max by (namespace, service) ({of(names.OUTBOX_DEPTH)}))")
        ),
        number(
            "Parked",
            "short",
            Query(
                f"sum(max by (namespace, service, group, reason) ({of(names.PARKED_NOW)})) "
                "or vector(0)"
            ),
            limit=1,
        ),
        number(
            "Figures that differ", "short", Query(f"max({of(names.PROOF_DIFFERENCES)})"), limit=1
        ),
        number(
            "Requests",
            "reqps",
            Query(f"sum(rate({names.HTTP_DURATION.prometheus}_count{{{panels.HERE}}}[{RATE}]))"),
        ),
    ]
    alarms = sheet(
        "Alerts that fire",
        Query('ALERTS{alertstate="firing",service=~"$service|"}'),
        width=24,
        says="Each has a runbook of its name in the chart's docs/runbooks.",
    )
    return panels.page(
        "overview",
        "Overview",
        "Whether the city keeps what it promises.",
        [
            ("Now", [*now, alarms]),
            ("Kept over three days", kept),
            ("Burn rates", burns),
        ],
    )


def events() -> str:
    """From commit to effect."""
    lag = [
        lines(
            "Lag",
            "short",
            Query(
                "sum by (group, topic) (max by (group, topic, partition) "
                f"({of(names.CONSUMER_LAG)}))",
                "{{group}} {{topic}}",
            ),
            says="Records between the position and the end.",
        ),
        lines(
            "Time behind",
            "s",
            Query(greatest(names.CONSUMER_BEHIND, "group, topic"), "{{group}} {{topic}}"),
            limit=120,
            says="Age of what is known, where more is there to read.",
        ),
        lines(
            "Time from sent to effect, p99",
            "s",
            Query(quantile(0.99, names.FRESHNESS, "group"), "{{group}}"),
            limit=10,
        ),
        lines(
            "Position moves",
            "cps",
            Query(
                "sum by (group) (max by (group, topic, partition) "
                f"(rate({of(names.CONSUMER_POSITION)}[{RATE}])))",
                "{{group}}",
            ),
            says="Offsets read a second, gaps included.",
        ),
    ]
    fates = [
        lines(
            "Applied",
            "cps",
            Query(rate(names.APPLIED, "group, topic"), "{{group}} {{topic}}"),
            stacked=True,
        ),
        lines(
            "Skipped",
            "cps",
            Query(rate(names.REPEATED, "group"), "{{group}} repeated"),
            Query(rate(names.FOREIGN, "group"), "{{group}} foreign"),
            says="Said before, or of a type the group does not hear.",
        ),
        lines(
            "Batch time",
            "s",
            Query(quantile(0.5, names.BATCH_DURATION, "group"), "{{group}} p50"),
            Query(quantile(0.99, names.BATCH_DURATION, "group"), "{{group}} p99", exemplars=True),
        ),
        lines(
            "Replayed batches and deals of partitions",
            "short",
            Query(
                f"sum by (group) (increase({of(names.BATCH_REPLAYED)}[5m]))", "{{group}} replayed"
            ),
            Query(f"max by (group) (increase({of(names.REBALANCED)}[5m]))", "{{group}} dealt"),
            says="In five minutes.",
        ),
    ]
    outbox = [
        lines("Depth", "short", Query(greatest(names.OUTBOX_DEPTH, "service"), "{{service}}")),
        lines(
            "Age of the oldest message",
            "s",
            Query(greatest(names.OUTBOX_OLDEST, "service"), "{{service}}"),
            limit=60,
        ),
        lines(
            "Delay from commit to broker, p99",
            "s",
            Query(quantile(0.99, names.OUTBOX_DELAY, "service"), "{{service}}"),
            limit=2.5,
        ),
        lines(
            "Sent, and rounds that failed",
            "cps",
            Query(rate(names.OUTBOX_SENT, "topic"), "{{topic}}"),
            Query(rate(names.OUTBOX_FAILED, "service"), "{{service}} failed"),
        ),
    ]
    parked = [
        lines(
            "Parked now",
            "short",
            Query(greatest(names.PARKED_NOW, "group, reason"), "{{group}} {{reason}}"),
            limit=1,
        ),
        lines(
            "Parked, by class",
            "short",
            Query(
                f"sum by (group, reason) (increase({of(names.PARKED)}[5m]))", "{{group}} {{reason}}"
            ),
            says="In five minutes: undecodable, refused, defect, waited.",
        ),
        lines(
            "Replayed",
            "short",
            Query(f"sum by (group) (increase({of(names.REPLAYED)}[5m]))", "{{group}}"),
            says=(
                "Parked records that went through when an operator replayed them, in five "
                "minutes; told over OTLP alone."
            ),
        ),
        lines(
            "Age of the oldest parked",
            "s",
            Query(greatest(names.PARKED_OLDEST, "group"), "{{group}}"),
        ),
        lines(
            "Waiting, and held behind a parked one",
            "short",
            Query(greatest(names.WAITING_NOW, "group"), "{{group}} waiting"),
            Query(greatest(names.HELD_NOW, "group"), "{{group}} held"),
        ),
    ]
    return panels.page(
        "events",
        "Events",
        "Outbox, Kafka, consumers.",
        [
            ("Consumers", lag),
            ("What becomes of records", fates),
            ("Outbox", outbox),
            ("Parked", parked),
        ],
    )


def api() -> str:
    """The front door and the calls behind it."""
    front = [
        lines(
            "Requests by code",
            "reqps",
            Query(count(names.HTTP_DURATION, "code"), "{{code}}"),
            stacked=True,
        ),
        lines(
            "Failures of ours",
            "reqps",
            Query(rate(names.HTTP_FAILED, "service"), "5xx"),
            Query(count(names.HTTP_DURATION, "route, code", 'code=~"5.."'), "{{route}} {{code}}"),
        ),
        lines(
            "Latency",
            "s",
            Query(quantile(0.5, names.HTTP_DURATION, "service"), "p50"),
            Query(quantile(0.99, names.HTTP_DURATION, "service"), "p99"),
            limit=1,
        ),
        lines(
            "Latency by route, p99",
            "s",
            Query(f"topk(10, {quantile(0.99, names.HTTP_DURATION, 'route')})", "{{route}}"),
        ),
    ]
    calls = [
        lines(
            "Calls by outcome",
            "reqps",
            Query(count(names.RPC_DURATION, "service, code"), "{{service}} {{code}}"),
            stacked=True,
        ),
        lines(
            "Latency of calls, p99",
            "s",
            Query(
                f"topk(10, {quantile(0.99, names.RPC_DURATION, 'method')})",
                "{{method}}",
                exemplars=True,
            ),
        ),
        lines(
            "Calls being served",
            "short",
            Query(f"sum by (service) ({of(names.RPC_OPEN)})", "{{service}}"),
        ),
        lines(
            "Neighbours, p99",
            "s",
            Query(
                f"topk(10, {quantile(0.99, names.RPC_CALL_DURATION, 'service, method')})",
                "{{service}} → {{method}}",
            ),
            says="As the caller sees them.",
        ),
    ]
    commands = [
        lines(
            "Commands by outcome",
            "reqps",
            Query(rate(names.COMMANDS, "service, outcome"), "{{service}} {{outcome}}"),
            says="`repeated`: a client sent the same key again and got the same answer.",
        ),
        lines(
            "Refusals",
            "reqps",
            Query(f"topk(15, {rate(names.REFUSED, 'method, reason')})", "{{method}} {{reason}}"),
        ),
    ]
    return panels.page(
        "api",
        "API",
        "What people and firms notice.",
        [("Gateway", front), ("Services", calls), ("Commands", commands)],
    )


def services() -> str:
    """Processes."""
    state = [
        lines(
            "Ready",
            "none",
            Query(f"sum by (service) ({of(names.READY)})", "{{service}}"),
            says="Processes that take calls.",
        ),
        lines(
            "Starts",
            "short",
            Query(f"sum by (service) (changes({of(names.STARTED)}[30m]))", "{{service}}"),
            says="In half an hour.",
        ),
        sheet("Versions", Query(f"count by (service, version) ({of(names.BUILD)})")),
        sheet(
            "Schema",
            Query(f"count by (service, revision) ({of(names.SCHEMA)})"),
            says="Revision each database is at, and how many processes see it.",
        ),
        number(
            "Schemas behind",
            "none",
            Query(f"sum(max by (namespace, service) ({of(names.SCHEMA_BEHIND)}))"),
            limit=1,
            width=6,
        ),
    ]
    resources = [
        lines(
            "Processor", "none", Query(rate(names.CPU, NODE), "{{service}} {{pod}}"), says="Cores."
        ),
        lines(
            "Memory", "bytes", Query(f"max by ({NODE}) ({of(names.MEMORY)})", "{{service}} {{pod}}")
        ),
    ]
    loops = [
        lines(
            "Patience of loops used up",
            "percentunit",
            Query(
                f"max by (service, loop) ({of(names.LOOP_AGE)} / {of(names.LOOP_PATIENCE)})",
                "{{service}} {{loop}}",
            ),
            limit=1,
            says="At 1 the process is not live.",
        ),
        lines(
            "Timers: due now", "short", Query(greatest(names.TIMERS_DUE, "service"), "{{service}}")
        ),
        lines(
            "Timers: late, p99",
            "s",
            Query(quantile(0.99, names.TIMER_LATE, "kind"), "{{kind}}"),
            says="Between due and fired, business time.",
        ),
        lines(
            "Timers: failed",
            "short",
            Query(f"sum by (kind) (increase({of(names.TIMER_FAILED)}[5m]))", "{{kind}}"),
            says="In five minutes.",
        ),
        lines("Audit records sealed", "cps", Query(rate(names.SEALED, "service"), "{{service}}")),
        lines(
            "Audit records not sealed",
            "short",
            Query(greatest(names.UNSEALED, "service"), "{{service}}"),
        ),
    ]
    return panels.page(
        "services",
        "Services",
        "Processes, loops, versions.",
        [
            ("State", state),
            ("Resources", resources),
            ("Loops", loops),
        ],
    )


def datacenter() -> str:
    """From events to figures."""
    only = 'service="datacenter"'
    projection = [
        lines(
            "Projected",
            "cps",
            Query(rate(names.APPLIED, "topic", only), "{{topic}}"),
            stacked=True,
            says="Events kept and counted a second.",
        ),
        lines(
            "Event to board, p95",
            "s",
            Query(quantile(0.95, names.FRESHNESS, "topic", only), "{{topic}}"),
            limit=5,
        ),
        lines(
            "Batch time",
            "s",
            Query(quantile(0.5, names.BATCH_DURATION, "service", only), "p50"),
            Query(quantile(0.99, names.BATCH_DURATION, "service", only), "p99", exemplars=True),
        ),
        lines(
            "Lag",
            "short",
            Query(
                f"sum by (topic) (max by (topic, partition) ({of(names.CONSUMER_LAG, only)}))",
                "{{topic}}",
            ),
        ),
    ]
    proof = [
        number(
            "Figures that differ",
            "short",
            Query(f"max({of(names.PROOF_DIFFERENCES)})"),
            limit=1,
            width=6,
            says="In the newest proof of each month: the board against a recount of the archive.",
        ),
        number("Figures compared", "short", Query(f"max({of(names.PROOF_FIGURES)})"), width=6),
        number(
            "Age of the proof", "s", Query(f"max({of(names.PROOF_AGE)})"), width=6, limit=172_800
        ),
        number(
            "Counts of another release",
            "short",
            Query(f"max({of(names.COUNTS_OUTDATED)})"),
            width=6,
            limit=1,
            says="1 after an upgrade, until they are made anew from the archive.",
        ),
        lines(
            "Figures that differ",
            "short",
            Query(greatest(names.PROOF_DIFFERENCES, "service"), "differ"),
            limit=1,
        ),
        lines(
            "Age of the newest fact",
            "s",
            Query(greatest(names.WATERMARK_AGE, "topic"), "{{topic}}"),
            says="Business time; a topic in which nothing happens grows old without harm.",
        ),
    ]
    board = [
        lines(
            "Boards, p95",
            "s",
            Query(quantile(0.95, names.RPC_DURATION, "method", only), "{{method}}", exemplars=True),
        ),
        lines(
            "Questions",
            "reqps",
            Query(count(names.RPC_DURATION, "method", only), "{{method}}"),
            stacked=True,
        ),
    ]
    return panels.page(
        "datacenter",
        "Data center",
        "From events to figures, and whether they are right.",
        [
            ("Projection", projection),
            ("Proof and watermarks", proof),
            ("Answers", board),
        ],
        services=False,
    )


def pages() -> dict[str, str]:
    """JSON by the name of its file."""
    return {
        "overview": overview(),
        "events": events(),
        "api": api(),
        "services": services(),
        "datacenter": datacenter(),
    }
