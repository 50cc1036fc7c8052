"""Every scenario renders to what was reviewed: a change of a template is a change that a reader of
the history sees.
"""

import difflib
from pathlib import Path

import pytest
from chart import SCENARIOS, text_of

GOLDEN = Path(__file__).parent / "golden"


# What rules and dashboards say lies in files of its own, and test_rules.py compares it with them.
IN_FILES = {"kind: PrometheusRule": "\nspec:\n", "-dashboard-": "\ndata:\n"}


def reviewed(text: str) -> str:
    """The manifests without empty lines, and without what is the content of a file."""
    parts = []
    for part in text.split("\n---\n"):
        for mark, cut in IN_FILES.items():
            if mark in part:
                part = part.partition(cut)[0] + cut.rstrip() + " # the content of its file"
        parts.append("\n".join(line for line in part.splitlines() if line.strip()))
    return "\n---\n".join(parts) + "\n"


@pytest.mark.parametrize("scenario", SCENARIOS)
def test_a_scenario_renders_to_its_golden_manifests(
    scenario: str, request: pytest.FixtureRequest
) -> None:
    path = GOLDEN / f"{scenario}.yaml"
    text = reviewed(text_of(scenario))

    if request.config.getoption("--renew"):
        GOLDEN.mkdir(exist_ok=True)
        path.write_text(text)

    difference = list(
        difflib.unified_diff(
            path.read_text().splitlines(), text.splitlines(), "golden", "rendered", lineterm="", n=2
        )
    )
    assert not difference, "\n".join(
        [*difference[:60], "if this is meant: make test-chart RENEW=1"]
    )


def test_every_golden_manifest_has_its_scenario() -> None:
    assert {path.stem for path in GOLDEN.glob("*.yaml")} == set(SCENARIOS)
