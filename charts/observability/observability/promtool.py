"""Prometheus' own judge of rules."""

import shutil
import subprocess
from pathlib import Path


def promtool(*arguments: str | Path) -> subprocess.CompletedProcess[str]:
    """Of the Debian package `prometheus`; a machine without it can not say whether an alert
    works.
    """
    found = shutil.which("promtool")
    assert found, "promtool is missing: apt-get install prometheus"
    return subprocess.run(
        [found, *map(str, arguments)], capture_output=True, text=True, timeout=300, check=False
    )
