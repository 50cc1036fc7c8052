"""The rules are those that the names give, say what they mean, and fire when and only when they
should.
"""

from pathlib import Path
from typing import Any

import pytest
import yaml
from observability import checks
from observability.files import written
from observability.promtool import promtool

from kit.observability.metrics import BUCKETS_S

HERE = Path(__file__).parent
CHART = HERE.parents[1] / "eldercare"
TESTS = sorted(HERE.glob("*.yaml"))
RULES = [
    rule
    for path in sorted((CHART / "files/alerts").glob("*.yaml"))
    for group in yaml.safe_load(path.read_text())["groups"]
    for rule in group["rules"]
]
ALERTS = [rule for rule in RULES if "alert" in rule]
NAMES = sorted({rule["alert"] for rule in ALERTS})
RECORDED = {rule["record"] for rule in RULES if "record" in rule}
FOLDERS = {path.parent for path in written()}


@pytest.mark.parametrize("path", written(), ids=str)
def test_a_file_is_what_the_generator_writes(path: Path) -> None:
    assert (CHART / path).read_text("utf-8") == written()[path], "make dashboards"


def test_no_file_lies_there_that_nobody_writes() -> None:
    assert {
        path.relative_to(CHART) for folder in FOLDERS for path in (CHART / folder).iterdir()
    } == set(written())


def test_prometheus_accepts_the_rules() -> None:
    checked = promtool("check", "rules", *sorted((CHART / "files/alerts").glob("*.yaml")))

    assert checked.returncode == 0, checked.stdout + checked.stderr
    assert checked.stdout.count("SUCCESS") == 2


@pytest.mark.parametrize("path", TESTS, ids=lambda path: path.stem)
def test_alerts_fire_when_and_only_when(path: Path) -> None:
    checked = promtool("test", "rules", path)

    assert checked.returncode == 0, checked.stdout + checked.stderr


def test_a_rule_that_is_wrong_fails_its_test(tmp_path: Path) -> None:
    """Else a test that proves nothing would look like one that passed."""
    (tmp_path / "alerts.yaml").write_text(
        (CHART / "files/alerts/alerts.yaml").read_text().replace("> 60 #", "> 6000 #")
    )
    (tmp_path / "test.yaml").write_text(
        (HERE / "delivery.yaml").read_text().replace("../../eldercare/files/alerts/", "")
    )

    checked = promtool("test", "rules", tmp_path / "test.yaml")

    assert checked.returncode != 0
    assert "OutboxStalled" in checked.stdout + checked.stderr


@pytest.mark.parametrize("name", NAMES)
def test_every_alert_is_proved_to_fire_and_to_rest(name: str) -> None:
    fires = rests = False
    for path in TESTS:
        for test in yaml.safe_load(path.read_text())["tests"]:
            for given, expected in _expectations(test, name):
                fires |= bool(expected)
                # exactly these fire: what else was fed in rests
                rests |= not expected or len(_things(test)) > len(given)

    assert fires
    assert rests


def _expectations(test: dict[str, Any], name: str) -> list[tuple[list[Any], bool]]:
    found = [
        (case.get("exp_samples", []), bool(case.get("exp_samples")))
        for case in test.get("promql_expr_test", ())
        if f'alertname="{name}"' in case["expr"]
    ]
    return found + [
        (case.get("exp_alerts", []), bool(case.get("exp_alerts")))
        for case in test.get("alert_rule_test", ())
        if case["alertname"] == name
    ]


def _things(test: dict[str, Any]) -> set[str]:
    return {series["series"].partition("{")[2] for series in test["input_series"]}


@pytest.mark.parametrize(
    "rule", ALERTS, ids=lambda rule: f"{rule['alert']}-{rule['labels']['severity']}"
)
def test_an_alert_states_how_bad_it_is_what_is_wrong_and_what_to_do(rule: dict[str, Any]) -> None:
    annotations = rule["annotations"]
    runbook = CHART / annotations["runbook_url"]

    assert rule["labels"]["severity"] in ("critical", "warning")
    assert annotations["summary"]
    assert annotations["description"].endswith(".")
    assert annotations["runbook_url"] == f"docs/runbooks/{rule['alert']}.md"
    assert runbook.is_file()
    assert runbook.read_text().startswith(f"# {rule['alert']}\n")
    for heading in ("## What it means", "## Look", "## Do", "## It is over when"):
        assert heading in runbook.read_text(), heading


def test_every_runbook_is_of_an_alert() -> None:
    assert (
        sorted(
            path.stem for path in (CHART / "docs/runbooks").glob("*.md") if path.stem != "README"
        )
        == NAMES
    )


def test_annotations_can_be_filled_in(tmp_path: Path) -> None:
    """Prometheus puts an error into the text where a template is wrong; what it filled in is seen
    where a test expects nothing of it.
    """
    printed = ""
    for path in (HERE / "delivery.yaml", HERE / "processes.yaml", HERE / "figures.yaml"):
        tests = yaml.safe_load(path.read_text())
        tests["rule_files"] = [str(CHART / "files/alerts/alerts.yaml")]
        for test in tests["tests"]:
            cases = [*test.pop("promql_expr_test", ()), *test.pop("alert_rule_test", ())]
            test["alert_rule_test"] = [
                {"alertname": name, "eval_time": case["eval_time"]}
                for case in cases
                for name in NAMES
                if name
                in (
                    case.get("alertname"),
                    case.get("expr", "").partition('alertname="')[2].partition('"')[0],
                )
            ]
        (tmp_path / path.name).write_text(yaml.safe_dump(tests))
        ran = promtool("test", "rules", tmp_path / path.name)
        printed += ran.stdout + ran.stderr

    assert "error expanding template" not in printed
    assert "The outbox of dispatch does not drain" in printed
    assert "is 14m 0s old" in printed or "is 20m 0s old" in printed
    assert "<no value>" not in printed


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.get("alert") or rule["record"])
def test_a_rule_uses_names_labels_and_bounds_that_exist(rule: dict[str, Any]) -> None:
    expr = rule["expr"]
    known = checks.exposed()

    assert checks.used(expr) - known.keys() == set()
    assert checks.recorded(expr) - RECORDED == set()
    assert checks.bounds(expr) <= {str(bound) for bound in BUCKETS_S}
    assert checks.elsewhere(expr) - checks.ELSEWHERE.keys() == set()
    attributes = {label for name in checks.used(expr) for label in known[name].attributes}
    attributes |= {label for name in checks.elsewhere(expr) for label in checks.ELSEWHERE[name]}
    assert checks.labels(expr) - attributes - checks.SCRAPED == set()


def test_a_metric_of_kubernetes_is_an_exception_that_a_rule_needs() -> None:
    asked = {name for rule in RULES for name in checks.elsewhere(rule["expr"])}

    assert asked == checks.ELSEWHERE.keys()
    assert all(
        checks.used(rule["expr"]) | checks.recorded(rule["expr"]) | checks.elsewhere(rule["expr"])
        for rule in RULES
    )


def test_a_limit_that_the_chart_may_set_stands_where_it_looks_for_it() -> None:
    limits = [line for rule in ALERTS for line in rule["expr"].splitlines() if "#" in line]

    assert [line.rpartition("> ")[2] for line in limits] == [
        "60 # outboxAgeSeconds",
        "120 # freshnessSeconds",
    ]
