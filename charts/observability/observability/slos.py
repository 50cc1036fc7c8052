"""What the city promises of itself: four indicators in five objectives, and how fast their error
budgets may burn.
"""

from collections.abc import Callable
from dataclasses import dataclass

from kit.observability import names
from kit.observability.metrics import Histogram

BY = "namespace, service"
API_WITHIN_S = 1.0
FRESH_WITHIN_S = 10.0
SENT_WITHIN_S = 2.5
# Requests that last as long as somebody chose: the feed's long poll, files of hundreds of thousands
# of rows, recounts of the archive.
LENGTHY = "none|/v1/feed|/v1/elder-imports.*|/v1/proofs|/onebox/.*"
WINDOWS = ("5m", "30m", "1h", "2h", "6h", "1d", "3d")
HOURS = {"1h": 1, "6h": 6, "1d": 24, "3d": 72}
# things in the long window; fewer are no statistic, and one bad among ten would wake somebody
LEAST = 100


@dataclass(frozen=True)
class Burn:
    """The budget is burnt `factor` times as fast as it may, in a long window and in a short one: so
    the alert ends soon after its cause.
    """

    factor: float
    long: str
    short: str
    severity: str


# Of the Site Reliability Workbook, chapter 5: a fiftieth, a twentieth, a tenth and a tenth of the
# budget of 30 days.
BURNS = (
    Burn(14.4, "1h", "5m", "critical"),
    Burn(6, "6h", "30m", "critical"),
    Burn(3, "1d", "2h", "warning"),
    Burn(1, "3d", "6h", "warning"),
)

PATIENCE = {"critical": "2m", "warning": "1h"}


@dataclass(frozen=True)
class Slo:
    """objective: least share of good ones in 30 days. bad, all: per second, in a window."""

    name: str
    alert: str
    title: str
    objective: float
    promise: str
    bad: Callable[[str], str]
    all: Callable[[str], str]

    @property
    def budget(self) -> str:
        """Share that may be bad."""
        return f"{1 - self.objective:.6f}".rstrip("0")

    def ratio(self, window: str) -> str:
        """The recorded share of bad ones in a window."""
        return f"eldercare:{self.name}_errors:ratio_rate{window}"

    def rate(self, window: str) -> str:
        """The recorded number of all per second in a window."""
        return f"eldercare:{self.name}:rate{window}"


def summed(metric: str, window: str, selector: str = "") -> str:
    """Per second, over all replicas of a service."""
    return (
        f"sum by ({BY}) (rate({metric}{{{selector}}}[{window}]))"
        if selector
        else f"sum by ({BY}) (rate({metric}[{window}]))"
    )


def _count(histogram: Histogram, selector: str = "") -> Callable[[str], str]:
    return lambda window: summed(f"{histogram.prometheus}_count", window, selector)


def _slower(histogram: Histogram, than_s: float, selector: str = "") -> Callable[[str], str]:
    within = ",".join(filter(None, (selector, f'le="{than_s}"')))
    return lambda window: (
        f"({summed(f'{histogram.prometheus}_count', window, selector)}\n - "
        f"{summed(f'{histogram.prometheus}_bucket', window, within)})"
    )


_ANSWERED = f'route!~"{LENGTHY}",code!~"5.."'

SLOS = (
    Slo(
        "api_availability",
        "ApiFailing",
        "API availability",
        0.999,
        "requests are answered without a failure of ours (5xx)",
        lambda window: summed(names.HTTP_FAILED.prometheus, window),
        _count(names.HTTP_DURATION),
    ),
    Slo(
        "api_latency",
        "ApiSlow",
        "API latency",
        0.99,
        f"requests are answered within {API_WITHIN_S:g} s",
        _slower(names.HTTP_DURATION, API_WITHIN_S, _ANSWERED),
        _count(names.HTTP_DURATION, _ANSWERED),
    ),
    Slo(
        "event_freshness",
        "EventsLate",
        "Event freshness",
        0.99,
        f"events have taken effect within {FRESH_WITHIN_S:g} s after they were sent",
        _slower(names.FRESHNESS, FRESH_WITHIN_S),
        _count(names.FRESHNESS),
    ),
    Slo(
        "outbox_delay",
        "OutboxSlow",
        "Outbox delay",
        0.99,
        f"events are with the broker within {SENT_WITHIN_S:g} s after their commit",
        _slower(names.OUTBOX_DELAY, SENT_WITHIN_S),
        _count(names.OUTBOX_DELAY),
    ),
    Slo(
        "events_parked",
        "EventsParked",
        "Events parked",
        0.999,
        "events are applied, not parked",
        lambda window: summed(names.PARKED.prometheus, window),
        lambda window: (
            f"({summed(names.APPLIED.prometheus, window)}\n + "
            f"{summed(names.PARKED.prometheus, window)})"
        ),
    ),
)
