"""Panels of one look, and the expressions that most of them need."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeVar

from grafana_foundation_sdk.builders import common, dashboard, prometheus, stat, table, timeseries
from grafana_foundation_sdk.cog.builder import Builder
from grafana_foundation_sdk.cog.encoder import JSONEncoder
from grafana_foundation_sdk.models import common as look
from grafana_foundation_sdk.models import dashboard as model

from kit.observability.metrics import Histogram, Metric

SOURCE = model.DataSourceRef(type_val="prometheus", uid="${datasource}")
HERE = 'namespace=~"$namespace",service=~"$service"'
RATE = "$__rate_interval"
WIDTH = 24

Panel = TypeVar("Panel", timeseries.Panel, stat.Panel, table.Panel)
Row = Sequence[Builder[model.Panel]]


@dataclass(frozen=True)
class Query:
    """expr: PromQL; legend: with Grafana's braces."""

    expr: str
    legend: str = ""
    exemplars: bool = False


def of(metric: Metric, *more: str) -> str:
    """The series of a metric that were chosen; more: further matchers."""
    return f"{metric.prometheus}{{{','.join((HERE, *more))}}}"


def rate(metric: Metric, by: str, *more: str) -> str:
    """Per second, by labels."""
    return f"sum by ({by}) (rate({of(metric, *more)}[{RATE}]))"


def count(metric: Histogram, by: str, *more: str) -> str:
    """How many values a second."""
    return f"sum by ({by}) (rate({metric.prometheus}_count{{{','.join((HERE, *more))}}}[{RATE}]))"


def quantile(share: float, metric: Histogram, by: str, *more: str) -> str:
    """The value that so many do not exceed."""
    return (
        f"histogram_quantile({share}, sum by (le, {by}) "
        f"(rate({metric.prometheus}_bucket{{{','.join((HERE, *more))}}}[{RATE}])))"
    )


def greatest(metric: Metric, by: str, *more: str) -> str:
    """What all replicas report alike."""
    return f"max by ({by}) ({of(metric, *more)})"


def lines(
    title: str,
    unit: str,
    *queries: Query,
    description: str = "",
    width: int = 12,
    stacked: bool = False,
    limit: float | None = None,
) -> timeseries.Panel:
    """Values over time. unit: Grafana's. limit: drawn red from there on."""
    legend = (
        common.VizLegendOptions()
        .display_mode(look.LegendDisplayMode.TABLE)
        .placement(look.LegendPlacement.BOTTOM)
    )
    panel = (
        timeseries.Panel()
        .title(title)
        .description(description)
        .unit(unit)
        .datasource(SOURCE)
        .min(0)
        .height(8)
        .span(width)
        .fill_opacity(8)
        .show_points(look.VisibilityMode.NEVER)
        .legend(legend.show_legend(True).calcs(["lastNotNull", "max"]))
        .tooltip(
            common.VizTooltipOptions()
            .mode(look.TooltipDisplayMode.MULTI)
            .sort(look.SortOrder.DESCENDING)
        )
    )
    if stacked:
        panel.stacking(common.StackingConfig().mode(look.StackingMode.NORMAL))
    if limit is not None:
        panel.thresholds(_from(limit)).thresholds_style(
            common.GraphThresholdsStyleConfig().mode(look.GraphTresholdsStyleMode.LINE)
        )
    return _asking(panel, queries, instant=False)


def number(
    title: str,
    unit: str,
    query: Query,
    *,
    description: str = "",
    width: int = 4,
    limit: float | None = None,
) -> stat.Panel:
    """The value now; red from the limit on."""
    panel = (
        stat.Panel()
        .title(title)
        .description(description)
        .unit(unit)
        .datasource(SOURCE)
        .height(4)
        .span(width)
        .no_value("–")
        .color_mode(look.BigValueColorMode.VALUE)
        .graph_mode(look.BigValueGraphMode.NONE)
        .reduce_options(common.ReduceDataOptions().calcs(["lastNotNull"]))
    )
    if limit is not None:
        panel.thresholds(_from(limit))
    return _asking(panel, [query], instant=True)


def sheet(title: str, *queries: Query, description: str = "", width: int = 12) -> table.Panel:
    """Labels and values now, one row for each series."""
    panel = (
        table.Panel()
        .title(title)
        .description(description)
        .datasource(SOURCE)
        .height(8)
        .span(width)
        .with_transformation(model.DataTransformerConfig(id_val="merge", options={}))
        .with_transformation(
            model.DataTransformerConfig(
                id_val="organize", options={"excludeByName": {"Time": True, "__name__": True}}
            )
        )
    )
    return _asking(panel, queries, instant=True, form="table")


def _from(limit: float) -> dashboard.ThresholdsConfig:
    steps = [model.Threshold(value=None, color="green"), model.Threshold(value=limit, color="red")]
    return dashboard.ThresholdsConfig().mode(model.ThresholdsMode.ABSOLUTE).steps(steps)


def _asking(
    panel: Panel, queries: Sequence[Query], *, instant: bool, form: str = "time_series"
) -> Panel:
    for place, query in enumerate(queries):
        asked = (
            prometheus.Dataquery()
            .expr(query.expr)
            .legend_format(query.legend)
            .ref_id(chr(ord("A") + place))
            .format(form)
        )
        panel.with_target(asked.instant() if instant else asked.range().exemplar(query.exemplars))
    return panel


def page(
    name: str,
    title: str,
    description: str,
    rows: Sequence[tuple[str, Row]],
    *,
    services: bool = True,
) -> str:
    """A dashboard as JSON: rows of panels, under a choice of data source, namespace and service."""
    made = (
        dashboard.Dashboard(f"Eldercare / {title}")
        .description(description)
        .tags(["eldercare"])
        .refresh("30s")
        .time("now-3h", "now")
        .readonly()
        .with_variable(
            dashboard.DatasourceVariable("datasource").label("Data source").type("prometheus")
        )
        .with_variable(
            _choice("namespace", "Namespace", "label_values(eldercare_build_info, namespace)")
        )
        .link(
            dashboard.DashboardLink("Eldercare")
            .type(model.DashboardLinkType.DASHBOARDS)
            .tags(["eldercare"])
            .as_dropdown(True)
            .keep_time(True)
            .include_vars(True)
        )
    )
    if services:
        made.with_variable(
            _choice(
                "service",
                "Service",
                'label_values(eldercare_build_info{namespace=~"$namespace"}, service)',
            )
        )
    else:
        made.with_variable(dashboard.ConstantVariable("service").value(".*"))
    for heading, panels in rows:
        made.with_row(dashboard.Row(heading))
        for panel in panels:
            made.with_panel(panel)
    built = json.loads(JSONEncoder(sort_keys=True).encode(made.build()))
    return json.dumps(built, indent=1, ensure_ascii=False, sort_keys=True) + "\n"


def _choice(name: str, label: str, query: str) -> dashboard.QueryVariable:
    return (
        dashboard.QueryVariable(name)
        .label(label)
        .query(query)
        .datasource(SOURCE)
        .refresh(model.VariableRefresh.ON_TIME_RANGE_CHANGED)
        .multi(True)
        .include_all(True)
        .all_value(".*")
        .current(model.VariableOption(selected=True, text="All", value="$__all"))
    )
