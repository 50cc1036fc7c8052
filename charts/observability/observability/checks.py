"""What an expression uses, to hold it against what is declared."""

import re
from collections.abc import Iterator

from kit.observability import metrics, names
from kit.observability.metrics import Histogram, Metric

VERSION = names.VERSION  # of the vocabulary that rules and dashboards are written in
# what Prometheus adds, and we to all
SCRAPED = {
    "namespace",
    "service",
    "instance",
    "pod",
    "le",
    "severity",
    "alertname",
    "alertstate",
}
# What no process of ours can report: a pod that failed before it reported anything. Labels by
# metric of kube-state-metrics.
ELSEWHERE = {"kube_job_status_failed": {"job_name"}, "kube_job_status_succeeded": {"job_name"}}
_ELSEWHERE = re.compile(r"\bkube_[a-z0-9_]+")
_METRIC = re.compile(r"\beldercare_[a-z0-9_]+")
_RECORDED = re.compile(r"\beldercare:[a-zA-Z0-9_:]+")
_GROUPED = re.compile(r"\b(?:by|on|without|group_left|group_right|ignoring)\s*\(([^)]*)\)")
_SELECTED = re.compile(r"\{([^{}]*)\}")
_LABEL = re.compile(r"([a-zA-Z_]\w*)\s*(?:=~|!~|!=|=)")
_QUOTED = re.compile(r'"(?:[^"\\]|\\.)*"')
_BOUND = re.compile(r'le="([^"]+)"')


def exposed() -> dict[str, Metric]:
    """Metric by each name under which Prometheus keeps it."""
    found: dict[str, Metric] = {}
    for metric in metrics.declared.values():
        if isinstance(metric, Histogram):
            found |= {f"{metric.prometheus}_{part}": metric for part in ("bucket", "sum", "count")}
        else:
            found[metric.prometheus] = metric
    return found


def used(expr: str) -> set[str]:
    """Names of metrics of ours."""
    return set(_METRIC.findall(_QUOTED.sub('""', expr)))


def elsewhere(expr: str) -> set[str]:
    """Names of metrics of kube-state-metrics."""
    return set(_ELSEWHERE.findall(_QUOTED.sub('""', expr)))


def recorded(expr: str) -> set[str]:
    """Names of what a rule recorded."""
    return set(_RECORDED.findall(expr))


def bounds(expr: str) -> set[str]:
    """Bounds of buckets."""
    return set(_BOUND.findall(expr))


def labels(expr: str) -> set[str]:
    """Labels by which something is selected or grouped."""
    bare = _QUOTED.sub('""', expr)
    found = {
        label.strip()
        for group in _GROUPED.findall(bare)
        for label in group.split(",")
        if label.strip()
    }
    return found | {
        label for selector in _SELECTED.findall(bare) for label in _LABEL.findall(selector)
    }


def expressions(document: object) -> Iterator[str]:
    """Every PromQL text inside a dashboard."""
    if isinstance(document, dict):
        for key, value in document.items():
            if key in ("expr", "definition") and isinstance(value, str):
                yield value
            else:
                yield from expressions(value)
    elif isinstance(document, list):
        for value in document:
            yield from expressions(value)
