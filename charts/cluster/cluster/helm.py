"""Helm as its users run it: a command, whose warnings are errors here."""

from __future__ import annotations

import os
import re
import subprocess
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from cluster import tools
from cluster.objects import Object

# The forms in which either Helm hands on what the API server warns of, and its own.
WARNING = re.compile(
    r"^(.* warnings\.go:\d+\] .*|W\d{4} .*|Warning: .*|WARNING: .*|.*level=WARN.*)$", re.M
)
TIMEOUT = "300s"  # reached on a crowded machine or by a defect, never as a rule


class HelmFailed(Exception):
    """Helm ended with an error, or with a warning; the text is what it printed."""


@dataclass(frozen=True)
class Run:
    """What a run of Helm printed and how long it took."""

    text: str
    seconds: float


class Helm:
    """One major of Helm against one cluster, in one namespace, about one release."""

    def __init__(
        self, tool: str, kubeconfig: Path, namespace: str, folder: Path, release: str = "care"
    ):
        self.tool = tool
        self.namespace = namespace
        self.release = release
        self._binary = tools.binary(tool)
        home = {
            name: str(folder / tool / name.lower())
            for name in ("HELM_CACHE_HOME", "HELM_CONFIG_HOME", "HELM_DATA_HOME")
        }
        self._env = {
            **os.environ,
            **home,
            "KUBECONFIG": str(kubeconfig),
            "HELM_NAMESPACE": namespace,
        }

    def run(self, *words: str) -> Run:
        """Raises HelmFailed."""
        began = time.monotonic()
        done = subprocess.run(
            [self._binary, *words], env=self._env, capture_output=True, text=True, timeout=900
        )
        command = f"{self.tool} {' '.join(words)}"
        if done.returncode:
            raise HelmFailed(f"{command}\n{done.stdout}{done.stderr}")
        if warned := WARNING.findall(done.stderr):
            raise HelmFailed(f"{command} warned\n" + "\n".join(warned))
        return Run(done.stdout, time.monotonic() - began)

    def install(self, chart: Path, *values: str) -> Run:
        return self.run(
            "install", self.release, str(chart), *values, "--wait", "--timeout", TIMEOUT
        )

    def upgrade(self, chart: Path, *values: str, timeout: str = TIMEOUT) -> Run:
        return self.run(
            "upgrade", self.release, str(chart), *values, "--wait", "--timeout", timeout
        )

    def test(self) -> Run:
        return self.run("test", self.release, "--timeout", TIMEOUT)

    def rollback(self, revision: int) -> Run:
        return self.run("rollback", self.release, str(revision), "--wait", "--timeout", TIMEOUT)

    def uninstall(self) -> Run:
        return self.run("uninstall", self.release, "--wait", "--timeout", TIMEOUT)

    def render(self, chart: Path, *values: str) -> list[Object]:
        """Every object of the release, hooks and tests included."""
        rendered = self.run("template", self.release, str(chart), *values)
        return tools.objects(rendered.text)


def settings(values: Mapping[str, str]) -> list[str]:
    return [word for key, value in values.items() for word in ("--set", f"{key}={value}")]
