"""The examples fit the chart: the values that an example names find the Secrets and topics that it
makes.
"""

import re
from pathlib import Path
from typing import Any

import pytest
import yaml
from chart import CHART, SCENARIOS, SERVICES, Object, containers, env, objects, pods, render

EXAMPLES = CHART / "examples"


def values_of(example: str) -> Any:
    """The values in the comment at the head of an example."""
    lines = (
        (EXAMPLES / example).read_text().partition("# The chart's values for it:\n")[2].splitlines()
    )
    head = [
        line[4:]
        for line in lines[
            : next(index for index, line in enumerate(lines) if not line.startswith("#"))
        ]
    ]
    return yaml.safe_load("\n".join(head))


def secrets(found: list[Any], variables: str) -> set[str]:
    """Names of the Secrets that containers read these variables from."""
    return {
        value["secretKeyRef"]["name"]
        for _, pod in pods(found)
        for container in containers(pod)
        for name, value in env(container).items()
        if re.fullmatch(variables, name) and isinstance(value, dict)
    }


def rendered(example: str, tmp_path: Path) -> list[Object]:
    values = tmp_path / "values.yaml"
    values.write_text(yaml.safe_dump(values_of(example)))
    return objects(
        render(
            (SCENARIOS["ha"], values), "database.migrationSecret=", "kafka.topics.existingSecret="
        )
    )


def test_databases_roles_and_secrets_are_those_the_chart_reads(tmp_path: Path) -> None:
    example = list(yaml.safe_load_all((EXAMPLES / "cloudnative-pg.yaml").read_text()))
    (cluster,) = [each for each in example if each["kind"] == "Cluster"]
    roles = {
        each["name"]: each["passwordSecret"]["name"] for each in cluster["spec"]["managed"]["roles"]
    }
    databases = {
        each["spec"]["name"]: each["spec"]["owner"]
        for each in example
        if each["kind"] == "Database"
    }

    found = rendered("cloudnative-pg.yaml", tmp_path)

    assert set(roles) == set(SERVICES)
    assert databases == {service: service for service in SERVICES}
    assert secrets(found, "PGPASSWORD") == set(roles.values())
    named = {
        env(each)["DATABASE"]
        for _, pod in pods(found)
        for each in containers(pod)
        if "DATABASE" in env(each)
    }
    assert named == {
        f"postgresql://{cluster['metadata']['name']}-rw:5432/{service}" for service in databases
    }


def test_users_of_kafka_are_those_the_chart_logs_in_as(tmp_path: Path) -> None:
    users = {
        each["metadata"]["name"]
        for each in yaml.safe_load_all((EXAMPLES / "strimzi-users.yaml").read_text())
    }

    found = rendered("strimzi.yaml", tmp_path)

    assert secrets(found, "KAFKA_PASSWORD") == users
    assert {
        env(each)["KAFKA_USERNAME"]
        for _, pod in pods(found)
        for each in containers(pod)
        if "KAFKA_USERNAME" in env(each)
    } == users


def test_secrets_from_outside_have_the_keys_that_the_chart_reads() -> None:
    made = {}
    for each in yaml.safe_load_all((EXAMPLES / "external-secrets.yaml").read_text()):
        target = each["spec"]["target"]
        made[target["name"]] = {entry["secretKey"] for entry in each["spec"]["data"]} | set(
            target.get("template", {}).get("data", {})
        )
    found = objects(
        render(SCENARIOS["ha"], "database.migrationSecret=", "keys.existingSecret=eldercare-keys")
    )
    wanted: dict[str, set[str]] = {}
    for _, pod in pods(found):
        for container in containers(pod):
            for value in env(container).values():
                if isinstance(value, dict) and value.get("secretKeyRef", {}).get("name") in made:
                    wanted.setdefault(value["secretKeyRef"]["name"], set()).add(
                        value["secretKeyRef"]["key"]
                    )

    assert wanted == made


@pytest.mark.parametrize("name", ["argo-cd.yaml", "flux.yaml"])
def test_deployers_are_pointed_at_this_chart(name: str) -> None:
    text = (EXAMPLES / name).read_text()

    assert "charts/eldercare" in text
    for file in re.findall(r"ci/[\w-]+\.yaml", text):
        assert (CHART / file).exists()
