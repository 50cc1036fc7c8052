"""Objectives and what is wrong now."""

from grafana_foundation_sdk.builders import table

from kit.observability import names
from observability.panels import HERE, RATE, Query, Row, lines, number, of, page, sheet
from observability.slos import BURNS, SLOS

FAST = BURNS[0]


def overview() -> str:
    """Objectives and what is wrong now."""
    return page(
        "overview",
        "Overview",
        "Whether the city keeps what it promises.",
        [
            ("Now", [*_now(), _alarms()]),
            ("Kept over three days", _kept()),
            ("Burn rates", _burns()),
        ],
    )


def _kept() -> Row:
    return [
        number(
            slo.title,
            "percentunit",
            Query(f"1 - {slo.ratio('3d')}{{{HERE}}}", "{{service}}"),
            width=4 if index else 8,
            description=(
                f"Share of {slo.promise}, over three days; promised: {100 * slo.objective:g} %."
            ),
        )
        for index, slo in enumerate(SLOS)
    ]


def _burns() -> Row:
    return [
        lines(
            f"{slo.title}: how fast the budget burns",
            "none",
            Query(f"{slo.ratio('1h')}{{{HERE}}} / {slo.budget}", "{{service}} 1 h"),
            Query(f"{slo.ratio('1d')}{{{HERE}}} / {slo.budget}", "{{service}} 1 d"),
            width=8,
            limit=FAST.factor,
            description=(
                f"1 spends the budget of 30 days in 30 days. {FAST.factor:g} wakes somebody."
            ),
        )
        for slo in SLOS
    ]


def _now() -> Row:
    return [
        number(
            "Services ready",
            "none",
            Query(f"count(max by (namespace, service) ({of(names.READY)}) == 1)"),
            description="Of seven.",
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
            Query(f"sum(rate({names.HTTP_DURATION.prometheus}_count{{{HERE}}}[{RATE}]))"),
        ),
    ]


def _alarms() -> table.Panel:
    return sheet(
        "Alerts that fire",
        Query('ALERTS{alertstate="firing",service=~"$service|"}'),
        width=24,
        description="Each has a runbook of its name in the chart's docs/runbooks.",
    )
