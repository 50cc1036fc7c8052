"""From commit to effect."""

from kit.observability import names
from observability.panels import RATE, Query, Row, greatest, lines, of, page, quantile, rate


def events() -> str:
    """From commit to effect."""
    return page(
        "events",
        "Events",
        "Outbox, Kafka, consumers.",
        [
            ("Consumers", _lag()),
            ("What becomes of records", _dispositions()),
            ("Outbox", _outbox()),
            ("Parked", _parked()),
        ],
    )


def _lag() -> Row:
    return [
        lines(
            "Lag",
            "short",
            Query(
                "sum by (group, topic) (max by (group, topic, partition) "
                f"({of(names.CONSUMER_LAG)}))",
                "{{group}} {{topic}}",
            ),
            description="Records between the position and the end.",
        ),
        lines(
            "Time behind",
            "s",
            Query(greatest(names.CONSUMER_BEHIND, "group, topic"), "{{group}} {{topic}}"),
            limit=120,
            description="Age of what is known, where more is there to read.",
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
            description="Offsets read a second, gaps included.",
        ),
    ]


def _dispositions() -> Row:
    return [
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
            description="Said before, or of a type the group does not hear.",
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
            description="In five minutes.",
        ),
    ]


def _outbox() -> Row:
    return [
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


def _parked() -> Row:
    return [
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
            description="In five minutes: undecodable, refused, defect, waited.",
        ),
        lines(
            "Replayed",
            "short",
            Query(f"sum by (group) (increase({of(names.REPLAYED)}[5m]))", "{{group}}"),
            description=(
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
