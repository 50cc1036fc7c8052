"""What the chart makes of the rules: only the two limits and the address of the runbooks can be
set.
"""

import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml
from observability.promtool import promtool

ROOT = Path(__file__).parents[3]
CHART = ROOT / "charts/eldercare"
FILES = sorted((CHART / "files/alerts").glob("*.yaml"))


@pytest.fixture(scope="module")
def helm() -> str:
    """Helm 4, as the tests of the chart use it."""
    built = subprocess.run(
        [sys.executable, ROOT / "tools/build.py", "helm4"],
        capture_output=True,
        text=True,
        check=True,
    )
    return built.stdout.split()[-1]


def groups(helm: str, *values: str) -> list[Any]:
    """The groups of rules that are rendered with these values."""
    given = [
        "-f",
        str(CHART / "ci/monitoring-values.yaml"),
        *(part for value in values for part in ("--set-string", value)),
    ]
    rendered = subprocess.run(
        [helm, "template", "x", str(CHART), *given], capture_output=True, text=True, check=False
    )
    assert rendered.returncode == 0, rendered.stderr
    return [
        group
        for one in yaml.safe_load_all(rendered.stdout)
        if one and one["kind"] == "PrometheusRule"
        for group in one["spec"]["groups"]
    ]


def test_by_default_the_rules_are_those_of_the_files(helm: str) -> None:
    assert groups(helm) == [
        group for path in FILES for group in yaml.safe_load(path.read_text())["groups"]
    ]


def test_a_limit_and_the_address_of_the_runbooks_can_be_set_and_nothing_else_moves(
    helm: str, tmp_path: Path
) -> None:
    limits = "telemetry.prometheusRule.thresholds"
    set_ = groups(
        helm,
        f"{limits}.outboxAgeSeconds=90",
        f"{limits}.freshnessSeconds=300",
        "telemetry.prometheusRule.runbooksUrl=https://city.example/chart/",
    )
    (tmp_path / "set.yaml").write_text(yaml.safe_dump({"groups": set_}))

    before = {
        (place, rule.get("alert") or rule["record"]): rule
        for group in groups(helm)
        for place, rule in enumerate(group["rules"])
    }
    after = {
        (place, rule.get("alert") or rule["record"]): rule
        for group in set_
        for place, rule in enumerate(group["rules"])
    }
    changed = {
        name for (place, name), rule in after.items() if rule["expr"] != before[place, name]["expr"]
    }

    assert changed == {"OutboxStalled", "ConsumerBehind"}
    assert "> 90 # outboxAgeSeconds" in str(after)
    assert "> 300 # freshnessSeconds" in str(after)
    assert {rule["annotations"]["runbook_url"] for rule in after.values() if "alert" in rule} == {
        f"https://city.example/chart/{rule['annotations']['runbook_url']}"
        for rule in before.values()
        if "alert" in rule
    }
    assert promtool("check", "rules", tmp_path / "set.yaml").returncode == 0


@pytest.mark.parametrize("value", ["0", "-5", "1e3", "a minute"])
def test_a_limit_that_is_no_number_of_seconds_is_refused(helm: str, value: str) -> None:
    given = f"telemetry.prometheusRule.thresholds.outboxAgeSeconds={value}"
    rendered = subprocess.run(
        [
            helm,
            "template",
            "x",
            str(CHART),
            "-f",
            str(CHART / "ci/monitoring-values.yaml"),
            "--set-string",
            given,
        ],
        capture_output=True,
        text=True,
        check=False,
    )

    assert rendered.returncode != 0
    assert "/telemetry/prometheusRule/thresholds/outboxAgeSeconds" in rendered.stderr
