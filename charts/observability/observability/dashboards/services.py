"""Processes."""

from kit.observability import names
from observability.panels import (
    Query,
    Row,
    greatest,
    lines,
    number,
    of,
    page,
    quantile,
    rate,
    sheet,
)

NODE = "service, pod"


def services() -> str:
    """Processes."""
    return page(
        "services",
        "Services",
        "Processes, loops, versions.",
        [
            ("State", _state()),
            ("Resources", _resources()),
            ("Loops", _loops()),
        ],
    )


def _state() -> Row:
    return [
        lines(
            "Ready",
            "none",
            Query(f"sum by (service) ({of(names.READY)})", "{{service}}"),
            description="Processes that take calls.",
        ),
        lines(
            "Starts",
            "short",
            Query(f"sum by (service) (changes({of(names.STARTED)}[30m]))", "{{service}}"),
            description="In half an hour.",
        ),
        sheet("Versions", Query(f"count by (service, version) ({of(names.BUILD)})")),
        sheet(
            "Schema",
            Query(f"count by (service, revision) ({of(names.SCHEMA)})"),
            description="Revision each database is at, and how many processes see it.",
        ),
        number(
            "Schemas behind",
            "none",
            Query(f"sum(max by (namespace, service) ({of(names.SCHEMA_BEHIND)}))"),
            limit=1,
            width=6,
        ),
    ]


def _resources() -> Row:
    return [
        lines(
            "Processor",
            "none",
            Query(rate(names.CPU, NODE), "{{service}} {{pod}}"),
            description="Cores.",
        ),
        lines(
            "Memory", "bytes", Query(f"max by ({NODE}) ({of(names.MEMORY)})", "{{service}} {{pod}}")
        ),
    ]


def _loops() -> Row:
    return [
        lines(
            "Patience of loops used up",
            "percentunit",
            Query(
                f"max by (service, loop) ({of(names.LOOP_AGE)} / {of(names.LOOP_PATIENCE)})",
                "{{service}} {{loop}}",
            ),
            limit=1,
            description="At 1 the process is not live.",
        ),
        lines(
            "Timers: due now", "short", Query(greatest(names.TIMERS_DUE, "service"), "{{service}}")
        ),
        lines(
            "Timers: late, p99",
            "s",
            Query(quantile(0.99, names.TIMER_LATE, "kind"), "{{kind}}"),
            description="Between due and fired, business time.",
        ),
        lines(
            "Timers: failed",
            "short",
            Query(f"sum by (kind) (increase({of(names.TIMER_FAILED)}[5m]))", "{{kind}}"),
            description="In five minutes.",
        ),
        lines("Audit records sealed", "cps", Query(rate(names.SEALED, "service"), "{{service}}")),
        lines(
            "Audit records not sealed",
            "short",
            Query(greatest(names.UNSEALED, "service"), "{{service}}"),
        ),
    ]
