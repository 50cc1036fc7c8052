"""The dashboards ask for what exists, all of it, and fit any Grafana."""

import json
import re
from pathlib import Path
from typing import Any

import pytest
import yaml
from observability import checks
from observability.promtool import promtool

from kit.observability.metrics import BUCKETS_S

CHART = Path(__file__).parents[2] / "eldercare"
BOARDS = sorted((CHART / "files/dashboards").glob("*.json"))
RULES = [
    rule
    for path in (CHART / "files/alerts").glob("*.yaml")
    for group in yaml.safe_load(path.read_text())["groups"]
    for rule in group["rules"]
]
EXPRESSIONS = [
    (path.stem, expr)
    for path in BOARDS
    for expr in checks.expressions(json.loads(path.read_text()))
]
# with labels and annotations below what an object, and its last-applied annotation, may have
LARGEST_BYTES = 200_000


def board(path: Path) -> Any:
    return json.loads(path.read_text("utf-8"))


def panels(document: Any) -> list[Any]:
    return [
        panel
        for outer in document["panels"]
        for panel in (outer, *outer.get("panels", ()))
        if panel["type"] != "row"
    ]


def test_there_is_one_for_each_question() -> None:
    assert [path.stem for path in BOARDS] == [
        f"eldercare-{name}" for name in ("api", "datacenter", "events", "overview", "services")
    ]


@pytest.mark.parametrize("path", BOARDS, ids=lambda path: path.stem)
def test_a_dashboard_brings_no_data_source_of_its_own_and_fits_a_config_map(path: Path) -> None:
    document = board(path)
    text = path.read_text("utf-8")

    assert document["templating"]["list"][0]["type"] == "datasource"
    assert {panel["datasource"]["uid"] for panel in panels(document)} == {"${datasource}"}
    assert set(re.findall(r'"uid": "([^"]*)"', text)) == {"${datasource}"}
    assert "id" not in document or document["id"] is None
    assert len(text.encode()) < LARGEST_BYTES


@pytest.mark.parametrize("path", BOARDS, ids=lambda path: path.stem)
def test_panels_have_titles_units_and_places_of_their_own(path: Path) -> None:
    taken: set[tuple[int, int]] = set()
    for panel in panels(board(path)):
        place = panel["gridPos"]
        cells = {
            (x, y)
            for x in range(place["x"], place["x"] + place["w"])
            for y in range(place["y"], place["y"] + place["h"])
        }

        assert panel["title"]
        assert panel["targets"]
        assert panel["type"] == "table" or panel["fieldConfig"]["defaults"]["unit"], panel["title"]
        assert not cells & taken, panel["title"]
        assert place["x"] + place["w"] <= 24, panel["title"]
        taken |= cells


@pytest.mark.parametrize(("name", "expr"), EXPRESSIONS)
def test_an_expression_uses_names_labels_and_bounds_that_exist(name: str, expr: str) -> None:
    known, recorded = checks.exposed(), {rule["record"] for rule in RULES if "record" in rule}

    assert checks.used(expr) - known.keys() == set()
    assert checks.recorded(expr) - recorded == set()
    assert checks.bounds(expr) <= {str(bound) for bound in BUCKETS_S}
    attributes = {label for metric in checks.used(expr) for label in known[metric].attributes}
    assert checks.labels(expr) - attributes - checks.SCRAPED == set()


def test_every_metric_is_used_in_a_rule_or_a_dashboard() -> None:
    known = checks.exposed()
    shown = {
        known[name].name
        for expr in (*(rule["expr"] for rule in RULES), *(expr for _, expr in EXPRESSIONS))
        for name in checks.used(expr)
    }

    assert {metric.name for metric in known.values()} - shown == set()


def test_a_name_that_nobody_declares_is_found() -> None:
    assert checks.used('rate(eldercare_nothing_total{service="eldercare_x"}[5m])') == {
        "eldercare_nothing_total"
    }
    assert "eldercare_nothing_total" not in checks.exposed()
    assert checks.labels('sum by (group, le) (x{code!~"5..",route="/v1/{id}"})') == {
        "group",
        "le",
        "code",
        "route",
    }


def test_prometheus_understands_every_expression(tmp_path: Path) -> None:
    asked = sorted({expr for _, expr in EXPRESSIONS if not expr.startswith("label_values(")})
    filled = [
        expr.replace("$__rate_interval", "5m").replace("$namespace", ".*").replace("$service", ".*")
        for expr in asked
    ]
    rules = [{"record": f"asked:{place}", "expr": expr} for place, expr in enumerate(filled)]
    (tmp_path / "asked.yaml").write_text(
        yaml.safe_dump({"groups": [{"name": "asked", "rules": rules}]})
    )

    checked = promtool("check", "rules", tmp_path / "asked.yaml")

    assert checked.returncode == 0, checked.stdout + checked.stderr
    assert f"SUCCESS: {len(asked)} rules found" in checked.stdout


@pytest.mark.parametrize(("name", "expr"), EXPRESSIONS)
def test_grafanas_braces_and_variables_are_the_only_ones(name: str, expr: str) -> None:
    assert set(re.findall(r"\$\w+", expr)) <= {"$namespace", "$service", "$__rate_interval"}
