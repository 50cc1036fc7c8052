"""Every file that is written: its place in the chart, and its text."""

from pathlib import Path

from observability import alerts, dashboards, texts


def written() -> dict[Path, str]:
    """Text by path, relative to the chart."""
    rules = {
        Path(f"files/alerts/{name}.yaml"): texts.rules(groups)
        for name, groups in alerts.files().items()
    }
    return rules | {
        Path(f"files/dashboards/eldercare-{name}.json"): text
        for name, text in dashboards.pages().items()
    }
