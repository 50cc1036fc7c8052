"""What is written from other files is up to date, and what is said twice is said the same."""

import json
import re
import subprocess
from typing import Any

import pytest
import written
import yaml
from chart import CHART, defaults
from test_values import gone, paths

SCHEMA = json.loads((CHART / "values.schema.json").read_text())
# Keys whose content is the user's.
FREE = re.compile(
    r"(labels|annotations|nodeSelector|env|limits|requests|perService|seccompProfile|capabilities|grafana_dashboard)$",
    re.I,
)


def test_the_table_of_services_is_that_of_the_contracts() -> None:
    assert written.TOPOLOGY.read_text() == written.table(), (
        "python charts/tests/written.py writes it anew"
    )


def test_the_readme_is_that_of_the_values() -> None:
    assert written.README.read_text() == written.readme(), (
        "python charts/tests/written.py writes it anew"
    )


def test_users_of_kafka_have_the_rights_that_the_contracts_give_them() -> None:
    assert written.USERS.read_text() == written.users(), (
        "python charts/tests/written.py writes it anew"
    )


def test_definitions_of_kubernetes_are_those_of_its_newest_minor() -> None:
    assert written.SCHEMA.read_text() == written.schema(), (
        "python charts/tests/written.py writes it anew"
    )


def test_every_key_has_a_comment() -> None:
    described = {path for path, _, _ in written.documented()}
    for dotted, steps, value in paths(defaults()):
        above = {".".join(steps[:length]) for length in range(1, len(steps) + 1)}
        assert isinstance(value, dict) or above & described, dotted


def schema_at(steps: tuple[str, ...]) -> Any:
    """The schema of a key. Raises: KeyError where it has none."""
    at = SCHEMA
    for step in steps:
        at = _resolved(at)["properties"][step]
    return _resolved(at)


def _resolved(at: Any) -> Any:
    while isinstance(at, dict) and "$ref" in at:
        at = _step(at["$ref"])
    return at


def test_every_key_has_a_schema() -> None:
    for dotted, steps, _ in paths(defaults()):
        if FREE.search(dotted) or any(FREE.search(step) for step in steps[:-1]):
            continue
        assert schema_at(steps), dotted


def _of_kubernetes(at: Any) -> bool:
    """Whether this refers, on its own or over others, to a definition that is not ours."""
    while "$ref" in at:
        if "io.k8s." in at["$ref"]:
            return True
        at = _step(at["$ref"])
    return False


def _step(reference: str) -> Any:
    found = SCHEMA
    for step in reference.removeprefix("#/").split("/"):
        found = found[step]
    return found


def declared(at: Any, above: tuple[str, ...] = ()) -> list[tuple[str, ...]]:
    """The steps of every key that the schema of values.yaml names, one level of a service standing
    for all.
    """
    found = []
    for key, below in _resolved(at).get("properties", {}).items():
        if below is True:
            continue
        found.append((*above, key))
        if _of_kubernetes(below):
            continue
        found += (
            declared(below, (*above, key))
            if _resolved(below).get("additionalProperties") is False
            else []
        )
    return found


def test_every_key_of_the_schema_is_in_the_values_or_in_the_defaults_of_a_service() -> None:
    known = {dotted for dotted, _, _ in paths(defaults())}
    unknown = []
    for steps in declared(SCHEMA):
        dotted = ".".join(steps)
        for pod in ("migrations.pod.", "kafka.topics.pod.", "test.pod."):
            dotted = dotted.replace(pod, "defaults.")
        dotted = re.sub(r"^services\.\w+\.(?!service|ingress|httpRoute)", "defaults.", dotted)
        if dotted not in known and not re.search(
            r"behavior\.|resources\.claims|kafka\.client\.", dotted
        ):
            unknown.append(dotted)
    assert not unknown


def test_every_object_of_the_schema_is_strict() -> None:
    """An object says its keys, or what all values of it are; a bare one would let every misspelt
    key through.
    """
    loose = []

    def walk(at: Any, path: str) -> None:
        if isinstance(at, dict):
            restricts = at.get("additionalProperties", True) is not True
            if (
                ("properties" in at or at.get("type") == "object")
                and not restricts
                and path != "/properties"
            ):
                loose.append(path)
            for key, below in at.items():
                walk(below, f"{path}/{key}")
        elif isinstance(at, list):
            for index, below in enumerate(at):
                walk(below, f"{path}/{index}")

    walk(SCHEMA, "")
    # A parent chart's globals; and what is said of a container beside its definition.
    assert set(loose) == {"/properties/global", "/definitions/container/allOf/1"}


def test_keys_that_are_gone_are_let_through_by_the_schema_to_be_explained() -> None:
    for key in gone():
        at: Any = SCHEMA
        for step in key.split("."):
            at = _resolved(at)["properties"][step]
        assert at is True, key


def test_the_schema_allows_what_a_parent_chart_brings() -> None:
    assert {"global", "enabled"} <= set(SCHEMA["properties"])
    assert SCHEMA["additionalProperties"] is False


@pytest.mark.parametrize("annotation", ["artifacthub.io/images", "artifacthub.io/changes"])
def test_annotations_of_the_chart_are_lists(annotation: str) -> None:
    assert isinstance(
        yaml.safe_load(
            yaml.safe_load((CHART / "Chart.yaml").read_text())["annotations"][annotation]
        ),
        list,
    )


def test_the_chart_lists_every_image_it_uses() -> None:
    chart = yaml.safe_load((CHART / "Chart.yaml").read_text())
    listed = [
        each["image"] for each in yaml.safe_load(chart["annotations"]["artifacthub.io/images"])
    ]

    assert listed == [f"{defaults()['image']['repository']}:{chart['appVersion']}"]
    assert "dependencies" not in chart


def test_the_version_of_the_application_is_that_of_the_packages() -> None:
    version = re.search(r'^version = "(.*)"', (written.ROOT / "pyproject.toml").read_text(), re.M)

    assert version
    assert yaml.safe_load((CHART / "Chart.yaml").read_text())["appVersion"] == version[1]


def test_every_release_has_its_section_in_upgrade() -> None:
    version = yaml.safe_load((CHART / "Chart.yaml").read_text())["version"]
    versions = re.findall(r"^## (\S+)$", (CHART / "UPGRADE.md").read_text(), re.M)

    assert versions[0] == version
    assert {path.stem for path in written.released_defaults().parent.glob("*.yaml")} == set(
        versions
    ) - {version}


def test_the_defaults_of_the_last_release_are_kept_as_they_were() -> None:
    assert written.released_defaults().read_text() == written.released(
        "charts/eldercare/values.yaml"
    )


@pytest.mark.parametrize("path", ["values.yaml", "values.schema.json", "templates", "files"])
def test_a_chart_that_changed_since_the_last_release_has_another_version(path: str) -> None:
    version = yaml.safe_load((CHART / "Chart.yaml").read_text())["version"]
    commit = (written.ROOT / ".release").read_text().split()[0]
    command = ["git", "diff", "--name-only", commit, "--", str(CHART / path)]
    changed = subprocess.run(command, cwd=written.ROOT, capture_output=True, text=True)

    assert changed.returncode == 0, changed.stderr
    assert not changed.stdout or version != written.released_version(), (
        f"{changed.stdout.split()} changed: a new version in Chart.yaml"
    )
