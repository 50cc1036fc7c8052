"""What linters say of the chart, its scenarios and what it renders: nothing."""

import json
import subprocess
import sys
from pathlib import Path

import pytest
import yaml
from chart import CHART, HELMS, ROOT, SCENARIOS, helm, text_of

BIN = Path(sys.executable).parent
YAML = [
    *sorted((CHART / "ci").rglob("*.yaml")),
    *sorted((CHART / "examples").glob("*.yaml")),
    CHART / "Chart.yaml",
    CHART / "values.yaml",
]
RULES = {
    "extends": "default",
    "rules": {
        "line-length": {"max": 180},
        "document-start": "disable",
        "braces": {"max-spaces-inside": 1},
        "comments": {"min-spaces-from-content": 1},
        "truthy": {"check-keys": False},
        "indentation": {"indent-sequences": "consistent"},
    },
}


def run(name: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    """A tool of this environment."""
    return subprocess.run(
        [str(BIN / name), *arguments], capture_output=True, text=True, timeout=120
    )


@pytest.mark.parametrize("with_helm", HELMS)
@pytest.mark.parametrize("scenario", SCENARIOS)
def test_helm_has_nothing_to_say(scenario: str, with_helm: str) -> None:
    printed = helm(with_helm, "lint", "--strict", str(CHART), "-f", str(SCENARIOS[scenario]))

    assert "1 chart(s) linted, 0 chart(s) failed" in printed
    assert "[WARNING]" not in printed
    assert "[ERROR]" not in printed


def test_yaml_is_well_formed() -> None:
    ran = run("yamllint", "--strict", "-d", json.dumps(RULES), *map(str, YAML))

    assert ran.returncode == 0, ran.stdout


@pytest.mark.parametrize("scenario", SCENARIOS)
def test_no_key_is_rendered_twice(scenario: str, tmp_path: Path) -> None:
    """A second key of the same name would win in silence."""
    rendered = tmp_path / "rendered.yaml"
    rendered.write_text(text_of(scenario))
    rules = {"rules": {"key-duplicates": "enable", "trailing-spaces": "enable"}}
    ran = run("yamllint", "--strict", "-d", json.dumps(rules), str(rendered))

    assert ran.returncode == 0, ran.stdout


def test_the_schema_is_a_schema_and_every_scenario_keeps_to_it() -> None:
    schema = CHART / "values.schema.json"
    runs = [
        run("check-jsonschema", "--check-metaschema", str(schema)),
        run(
            "check-jsonschema",
            "--schemafile",
            str(schema),
            str(CHART / "values.yaml"),
            *map(str, SCENARIOS.values()),
        ),
    ]

    assert [ran.returncode for ran in runs] == [0, 0], "\n".join(ran.stdout for ran in runs)


def test_the_schema_asks_nobody_on_the_network() -> None:
    text = (CHART / "values.schema.json").read_text()

    assert all(
        line.split('"$ref": "')[1].startswith("#/")
        for line in text.splitlines()
        if '"$ref": "' in line
    )


def test_no_file_of_the_chart_names_this_machine_or_a_registry() -> None:
    for path in [*CHART.rglob("*"), *(ROOT / "charts" / "tests").glob("*.py")]:
        if path.is_file() and path.suffix in {
            ".yaml",
            ".tpl",
            ".json",
            ".md",
            ".txt",
            ".py",
            ".gotmpl",
        }:
            text = path.read_text()
            assert str(ROOT) not in text, path
            assert not any(
                host in text
                for host in (
                    "docker" + ".io/",
                    "ghcr" + ".io",
                    "quay" + ".io",
                    "registry.k8s" + ".io",
                )
            ), path


def test_scenarios_say_what_they_are_for() -> None:
    for path in SCENARIOS.values():
        assert path.read_text().startswith("# "), path
        assert yaml.safe_load(path.read_text())
