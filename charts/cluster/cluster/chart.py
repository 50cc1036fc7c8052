"""The chart that is tried, its scenarios, and the version before it."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

from cluster.tools import ROOT

CHART = ROOT / "charts" / "eldercare"
WRAPPER = "wrapper"  # the scenario in which a chart of its user's has this one below it


def scenarios() -> list[str]:
    """Names of ci/*-values.yaml, without that ending. Raises SystemExit when there is none: then
    nothing would be tried.
    """
    found = sorted(
        path.name.removesuffix("-values.yaml") for path in (CHART / "ci").glob("*-values.yaml")
    )
    if not found:
        raise SystemExit(f"no scenario in {CHART / 'ci'}")
    return found


def values(scenario: str) -> list[str]:
    """For Helm; a wrapper brings its own."""
    return (
        [] if scenario == WRAPPER else ["--values", str(CHART / "ci" / f"{scenario}-values.yaml")]
    )


def installed(scenario: str, chart: Path, folder: Path) -> Path:
    """What a user of the scenario hands to Helm: the chart, or one in `folder` that has it below
    it.
    """
    if scenario != WRAPPER:
        return chart
    shutil.copytree(chart / "ci" / "wrapper", folder)
    shutil.copytree(chart, folder / "charts" / "eldercare")
    return folder


def version(chart_yaml: str) -> str:
    found = re.search(r"^version:\s*\"?([^\s\"]+)", chart_yaml, re.M)
    assert found, "Chart.yaml has no version"
    return found[1]


def before(folder: Path, revision: str | None = None) -> Path:
    """The chart of `revision`, else of the last release, whose commit `.release` at the root names:
    what an upgrade comes from.
    """
    made = folder / "before"
    made.mkdir()
    revision = revision or (ROOT / ".release").read_text().split()[0]
    packed = subprocess.run(
        ["git", "archive", revision, "charts/eldercare"], cwd=ROOT, check=True, capture_output=True
    ).stdout
    subprocess.run(["tar", "-x", "--strip-components=2", "-C", str(made)], input=packed, check=True)
    return made
