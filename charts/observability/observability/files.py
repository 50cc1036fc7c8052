"""Every file that is written: its place in the chart, and its text."""

from pathlib import Path

from observability import rules, texts
from observability.dashboards.api import api
from observability.dashboards.datacenter import datacenter
from observability.dashboards.events import events
from observability.dashboards.overview import overview
from observability.dashboards.services import services

DASHBOARDS = {
    "overview": overview,
    "events": events,
    "api": api,
    "services": services,
    "datacenter": datacenter,
}


def written() -> dict[Path, str]:
    """Text by path, relative to the chart."""
    files = {
        Path(f"files/alerts/{name}.yaml"): texts.rules(groups)
        for name, groups in rules.files().items()
    }
    return files | {
        Path(f"files/dashboards/eldercare-{name}.json"): page() for name, page in DASHBOARDS.items()
    }
