"""The chart that is tried, its scenarios, and the version before it."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

from cluster.tools import ROOT

CHART = ROOT / "charts" / "eldercare"
BEFORE = "0.0.1"  # stands for the release before the first


def scenarios() -> list[str]:
    """Names of ci/*-values.yaml, without that ending. Raises SystemExit when there is none: then nothing would be tried."""
    found = sorted(path.name.removesuffix("-values.yaml") for path in (CHART / "ci").glob("*-values.yaml"))
    if not found:
        raise SystemExit(f"no scenario in {CHART / 'ci'}")
    return found


def values(scenario: str) -> list[str]:
    return ["--values", str(CHART / "ci" / f"{scenario}-values.yaml")]


def git(*words: str) -> str:
    """What Git printed; empty when it failed, as in a folder that is no checkout."""
    return subprocess.run(["git", *words], cwd=ROOT, capture_output=True, text=True).stdout


def released() -> str | None:
    """The newest release tag whose chart has another version than this one; None before the first release."""
    for tag in git("tag", "--list", "v*", "--sort=-version:refname", "--merged").split():
        told = git("show", f"{tag}:charts/eldercare/Chart.yaml")
        if told and version(told) != version((CHART / "Chart.yaml").read_text()):
            return tag
    return None


def version(chart_yaml: str) -> str:
    found = re.search(r"^version:\s*\"?([^\s\"]+)", chart_yaml, re.M)
    assert found, "Chart.yaml has no version"
    return found[1]


def before(folder: Path, revision: str | None = None) -> Path:
    """The chart of `revision`, else of the newest release, else this one with a lower version and image: what an upgrade comes from."""
    made = folder / "before"
    revision = revision or released()
    if revision:
        made.mkdir()
        packed = subprocess.run(["git", "archive", revision, "charts/eldercare"], cwd=ROOT, check=True, capture_output=True).stdout
        subprocess.run(["tar", "-x", "--strip-components=2", "-C", str(made)], input=packed, check=True)
        return made
    shutil.copytree(CHART, made)
    told = (made / "Chart.yaml").read_text()
    (made / "Chart.yaml").write_text(re.sub(r"^(version|appVersion):.*$", rf'\1: "{BEFORE}"', told, flags=re.M))
    return made
