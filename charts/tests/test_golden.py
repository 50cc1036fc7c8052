"""Every scenario renders to what was reviewed: a change of a template is a change that a reader of the history sees."""

import difflib
from pathlib import Path

import pytest

from chart import SCENARIOS, text_of

GOLDEN = Path(__file__).parent / "golden"


@pytest.mark.parametrize("scenario", SCENARIOS)
def test_a_scenario_renders_to_its_golden_manifests(scenario: str, request: pytest.FixtureRequest) -> None:
    path = GOLDEN / f"{scenario}.yaml"
    text = "\n".join(line for line in text_of(scenario).splitlines() if line.strip()) + "\n"

    if request.config.getoption("--renew"):
        GOLDEN.mkdir(exist_ok=True)
        path.write_text(text)

    difference = list(difflib.unified_diff(path.read_text().splitlines(), text.splitlines(), "golden", "rendered", lineterm="", n=2))
    assert not difference, "\n".join([*difference[:60], "if this is meant: make test-chart RENEW=1"])


def test_every_golden_manifest_has_its_scenario() -> None:
    assert {path.stem for path in GOLDEN.glob("*.yaml")} == set(SCENARIOS)
