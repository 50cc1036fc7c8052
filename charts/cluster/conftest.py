"""One cluster for the session, a namespace for each test, and a table of what took how long."""

from __future__ import annotations

import contextlib
import os
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from cluster.api import Api
from cluster.chart import before
from cluster.controlplane import ControlPlane
from cluster.namespaces import Namespace


@pytest.fixture(scope="session")
def kubeconfig() -> Iterator[Path]:
    """The cluster that this command runs beside (`python -m cluster`), else one of its own."""
    if os.environ.get("KUBECONFIG"):
        yield Path(os.environ["KUBECONFIG"])
        return
    with ControlPlane() as plane:
        yield plane.kubeconfig


@pytest.fixture(scope="session")
def api(kubeconfig: Path) -> Iterator[Api]:
    with contextlib.closing(Api.of(kubeconfig)) as client:
        yield client


@pytest.fixture(scope="session")
def old_chart(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Of the revision that FROM names, else of the last release."""
    return before(tmp_path_factory.mktemp("chart"), os.environ.get("FROM"))


@pytest.fixture
def namespace(api: Api, request: pytest.FixtureRequest) -> Iterator[Namespace]:
    """A new namespace under the restricted Pod Security standard, removed at the end."""
    made = Namespace(
        api,
        re.sub("[^a-z0-9]+", "-", request.node.name.removeprefix("test_").lower())[:45].strip("-"),
    )
    yield made
    made.remove()


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """One line for each life of a scenario: its steps, seconds each."""
    for outcome in ("passed", "failed"):
        for report in terminalreporter.stats.get(outcome, []):
            properties = dict(report.user_properties)
            if "life" in properties and report.when == "call":
                terminalreporter.write_line(f"{outcome:6}  {properties['life']}")
