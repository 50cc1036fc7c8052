"""Metrics that know their own name, unit, meaning and attributes, and their text for Prometheus."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from opentelemetry.metrics import Meter
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import Histogram as HistogramPoints
from opentelemetry.sdk.metrics.export import InMemoryMetricReader, MetricReader, Sum
from opentelemetry.sdk.resources import Resource

_SUFFIX = {"s": "_seconds", "By": "_bytes", "1": "_ratio"}
_BUCKETS_S = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0, 300.0, 3600.0)


@dataclass(frozen=True, eq=False)
class Metric:
    """name: dotted. unit: UCUM. attributes: the only ones a point may bear, none of them personal."""

    name: str
    unit: str
    meaning: str
    attributes: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        declared[self.name] = self

    @property
    def prometheus(self) -> str:
        """The name of this metric in rules and dashboards."""
        return self.name.replace(".", "_") + _SUFFIX.get(self.unit, "")

    def _checked(self, attributes: dict[str, Any]) -> dict[str, Any]:
        if len(attributes) != len(self.attributes) or any(name not in attributes for name in self.attributes):
            raise ValueError(f"metric {self.name} bears exactly {self.attributes}, not {tuple(attributes)}")
        return attributes


@dataclass(frozen=True, eq=False)
class Counter(Metric):
    """Only grows."""

    @property
    def prometheus(self) -> str:
        return super().prometheus + "_total"

    def add(self, amount: float = 1, **attributes: Any) -> None:
        """Counts `amount` more."""
        _instrument(self).add(amount, self._checked(attributes))


@dataclass(frozen=True, eq=False)
class Histogram(Metric):
    """How values are spread."""

    def record(self, value: float, **attributes: Any) -> None:
        """Notes one value in the metric's unit."""
        _instrument(self).record(value, self._checked(attributes))


@dataclass(frozen=True, eq=False)
class Gauge(Metric):
    """What is so now."""

    def set(self, value: float, **attributes: Any) -> None:
        """Replaces the value."""
        _instrument(self).set(value, self._checked(attributes))


declared: dict[str, Metric] = {}
_instruments: dict[str, Any] = {}
_reader = InMemoryMetricReader()


provider = MeterProvider(metric_readers=[_reader], shutdown_on_exit=False)


def provide(resource: Resource, readers: Iterable[MetricReader]) -> MeterProvider:
    """Replaces the provider by one that also pushes to `readers`; instruments are made anew."""
    global provider, _reader
    provider.shutdown()
    _reader = InMemoryMetricReader()
    _instruments.clear()
    provider = MeterProvider(metric_readers=[_reader, *readers], resource=resource, shutdown_on_exit=False)
    return provider


def _instrument(metric: Metric) -> Any:
    made = _instruments.get(metric.name)
    if made is None:
        made = _instruments[metric.name] = _make(provider.get_meter("eldercare"), metric)
    return made


def _make(meter: Meter, metric: Metric) -> Any:
    if isinstance(metric, Counter):
        return meter.create_counter(metric.name, metric.unit, metric.meaning)
    if isinstance(metric, Histogram):
        buckets = _BUCKETS_S if metric.unit == "s" else None
        return meter.create_histogram(metric.name, metric.unit, metric.meaning, explicit_bucket_boundaries_advisory=buckets)
    return meter.create_gauge(metric.name, metric.unit, metric.meaning)


def prometheus() -> str:
    """Every metric with a value, in the text format that Prometheus scrapes."""
    told = _reader.get_metrics_data()
    lines: list[str] = []
    for scope in (scope for resource in (told.resource_metrics if told else ()) for scope in resource.scope_metrics):
        for metric in scope.metrics:
            ours = declared.get(metric.name)
            if ours is None:
                continue
            lines.append(f"# HELP {ours.prometheus} {ours.meaning}")
            data = metric.data
            kind = "histogram" if isinstance(data, HistogramPoints) else "counter" if isinstance(data, Sum) else "gauge"
            lines.append(f"# TYPE {ours.prometheus} {kind}")
            for point in data.data_points:
                lines.extend(_point(ours.prometheus, point, kind))
    return "\n".join(lines) + "\n"


def _point(name: str, point: Any, kind: str) -> Iterable[str]:
    labels = [f'{key}="{_escaped(value)}"' for key, value in sorted((point.attributes or {}).items())]
    if kind != "histogram":
        yield f"{name}{_braced(labels)} {_number(point.value)}"
        return
    below = 0
    for bound, count in zip((*point.explicit_bounds, float("inf")), point.bucket_counts, strict=True):
        below += count
        limit = 'le="+Inf"' if bound == float("inf") else f'le="{_number(bound)}"'
        yield f"{name}_bucket{_braced([*labels, limit])} {below}"
    yield f"{name}_sum{_braced(labels)} {_number(point.sum)}"
    yield f"{name}_count{_braced(labels)} {point.count}"


def _braced(labels: list[str]) -> str:
    return "{" + ",".join(labels) + "}" if labels else ""


def _escaped(value: object) -> str:
    return str(value).replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")


def _number(value: float) -> str:
    return repr(int(value)) if float(value).is_integer() else repr(value)
