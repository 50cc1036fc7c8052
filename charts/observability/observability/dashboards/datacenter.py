"""From events to figures."""

from kit.observability import names
from observability.panels import (
    Query,
    Row,
    count,
    greatest,
    lines,
    number,
    of,
    page,
    quantile,
    rate,
)

ONLY = 'service="datacenter"'


def datacenter() -> str:
    """From events to figures."""
    return page(
        "datacenter",
        "Data center",
        "From events to figures, and whether they are right.",
        [
            ("Projection", _projection()),
            ("Proof and watermarks", _proof()),
            ("Answers", _board()),
        ],
        services=False,
    )


def _projection() -> Row:
    return [
        lines(
            "Projected",
            "cps",
            Query(rate(names.APPLIED, "topic", ONLY), "{{topic}}"),
            stacked=True,
            description="Events kept and counted a second.",
        ),
        lines(
            "Event to board, p95",
            "s",
            Query(quantile(0.95, names.FRESHNESS, "topic", ONLY), "{{topic}}"),
            limit=5,
        ),
        lines(
            "Batch time",
            "s",
            Query(quantile(0.5, names.BATCH_DURATION, "service", ONLY), "p50"),
            Query(quantile(0.99, names.BATCH_DURATION, "service", ONLY), "p99", exemplars=True),
        ),
        lines(
            "Lag",
            "short",
            Query(
                f"sum by (topic) (max by (topic, partition) ({of(names.CONSUMER_LAG, ONLY)}))",
                "{{topic}}",
            ),
        ),
    ]


def _proof() -> Row:
    return [
        number(
            "Figures that differ",
            "short",
            Query(f"max({of(names.PROOF_DIFFERENCES)})"),
            limit=1,
            width=6,
            description=(
                "In the newest proof of each month: the board against a recount of the archive."
            ),
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
            description="1 after an upgrade, until they are made anew from the archive.",
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
            description="Business time; a topic in which nothing happens grows old without harm.",
        ),
    ]


def _board() -> Row:
    return [
        lines(
            "Boards, p95",
            "s",
            Query(quantile(0.95, names.RPC_DURATION, "method", ONLY), "{{method}}", exemplars=True),
        ),
        lines(
            "Questions",
            "reqps",
            Query(count(names.RPC_DURATION, "method", ONLY), "{{method}}"),
            stacked=True,
        ),
    ]
