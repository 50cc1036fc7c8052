"""Every object is valid for every supported minor of Kubernetes, and for the definitions of the
operators it speaks to; offline.
"""

import json
import re
import subprocess
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Any

import kubernetes_validate
import pytest
import yaml
from chart import CHART, SCENARIOS, objects, objects_of, text_of, tool
from cluster import tools

SCHEMAS = Path(str(files("kubernetes_validate") / "kubernetes-json-schema"))
LEAST = tuple(
    map(
        int,
        re.findall(r"\d+", yaml.safe_load((CHART / "Chart.yaml").read_text())["kubeVersion"])[:2],
    )
)
MINORS = [
    path.name.removesuffix("-local-strict").removeprefix("v")
    for path in sorted(SCHEMAS.glob("v*-local-strict"))
    if tuple(map(int, path.name[1:].split(".")[:2])) >= LEAST
]
EXAMPLES = sorted((CHART / "examples").glob("*.yaml"))
# No Go module ships the definitions of these: Strimzi is Java, the proxy has no helm-controller.
# That they are valid is not proved here.
UNPROVED = {
    ("kafka.strimzi.io/v1", "Kafka"),
    ("kafka.strimzi.io/v1", "KafkaNodePool"),
    ("kafka.strimzi.io/v1", "KafkaUser"),
    ("helm.toolkit.fluxcd.io/v2", "HelmRelease"),
}


@pytest.fixture(scope="session")
def schemas(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder in the form kubeconform reads: core schemas of every minor, each with all it refers
    to, and custom ones.
    """
    folder = tmp_path_factory.mktemp("schemas")
    kinds = {_file(each) for name in SCENARIOS for each in objects_of(name)}
    for minor in MINORS:
        beside = folder / f"v{minor}"
        beside.mkdir()
        source = SCHEMAS / f"v{minor}-local-strict"
        every = json.loads((source / "_definitions.json").read_text())["$defs"]
        for name in kinds:
            if (source / name).exists():
                (beside / name).write_text(
                    json.dumps(_alone(json.loads((source / name).read_text()), every))
                )
    for definition in definitions():
        for version in definition["spec"]["versions"]:
            spec = definition["spec"]
            kind = spec["names"]["kind"].lower()
            name = f"{spec['group']}-{kind}-{version['name']}.json"
            (folder / name).write_text(json.dumps(strict(version["schema"]["openAPIV3Schema"])))
    return folder


def _file(each: Any) -> str:
    """The name of the schema of an object, as both know it."""
    group, _, version = each["apiVersion"].rpartition("/")
    return "-".join(filter(None, (each["kind"].lower(), group.split(".")[0], version))) + ".json"


def _alone(schema: Any, every: dict[str, Any]) -> Any:
    """The schema with the definitions that it needs inside, and no address of its own that
    references would be resolved against.
    """
    text = json.dumps({key: value for key, value in schema.items() if key != "$id"}).replace(
        '"/api/_definitions.json#', '"#'
    )
    needed: dict[str, Any] = {}
    wanted = set(re.findall(r'"#/\$defs/([^"]+)"', text))
    while wanted:
        name = wanted.pop()
        needed[name] = every[name]
        wanted |= set(re.findall(r'"#/\$defs/([^"]+)"', json.dumps(every[name]))) - set(needed)
    return {**json.loads(text), "$defs": needed}


@cache
def definitions() -> Any:
    """Custom resource definitions, from the modules that charts/cluster names."""
    return tools.definitions(tools.DEFINITIONS | tools.OF_EXAMPLES)


def strict(schema: Any) -> Any:
    """The same schema, where a key that it does not name is refused, as the API server prunes
    it.
    """
    if isinstance(schema, list):
        return [strict(each) for each in schema]
    if not isinstance(schema, dict):
        return schema
    if schema.get("x-kubernetes-int-or-string"):
        return {"type": ["integer", "string"]}
    found = {
        key: {name: strict(each) for name, each in value.items()}
        if key == "properties"
        else strict(value)
        for key, value in schema.items()
    }
    if (
        "properties" in found
        and "additionalProperties" not in found
        and not found.get("x-kubernetes-preserve-unknown-fields")
    ):
        found["additionalProperties"] = found.get("x-kubernetes-embedded-resource", False)
        found["properties"] |= (
            {"apiVersion": {"type": "string"}, "kind": {"type": "string"}}
            if "spec" in found["properties"]
            else {}
        )
    if found.get("nullable") and isinstance(found.get("type"), str):
        found["type"] = [found["type"], "null"]
    return found


def conform(folder: Path, minor: str, texts: list[Path]) -> Any:
    """What kubeconform says of files."""
    core = "{{.NormalizedKubernetesVersion}}/{{.ResourceKind}}{{.KindSuffix}}"
    custom = "{{.Group}}-{{.ResourceKind}}-{{.ResourceAPIVersion}}"
    options = [
        word
        for name in (core, custom)
        for word in ("-schema-location", str(folder / f"{name}.json"))
    ]
    ran = subprocess.run(
        [
            tool("kubeconform"),
            "-strict",
            "-output",
            "json",
            "-summary",
            "-kubernetes-version",
            minor,
            *options,
            *map(str, texts),
        ],
        capture_output=True,
        text=True,
        timeout=120,
    )
    return json.loads(ran.stdout)


@pytest.mark.parametrize("minor", MINORS)
def test_every_object_of_every_scenario_is_valid(minor: str, schemas: Path, tmp_path: Path) -> None:
    for scenario in SCENARIOS:
        (tmp_path / f"{scenario}.yaml").write_text(text_of(scenario))

    report = conform(schemas, minor, sorted(tmp_path.iterdir()))

    assert not [
        f"{each['filename'].split('/')[-1]} {each['kind']}/{each['name']}: {each['msg']}"
        for each in report["resources"]
    ]
    assert report["summary"]["valid"] == sum(len(objects_of(scenario)) for scenario in SCENARIOS)
    assert report["summary"]["skipped"] == 0


@pytest.mark.parametrize("minor", [MINORS[0], MINORS[-1]])
def test_a_second_judge_agrees(minor: str) -> None:
    for each in objects_of("ha"):
        assert kubernetes_validate.validate(each, minor, strict=True) == ".".join(
            minor.split(".")[:2]
        )


def test_every_object_of_the_examples_is_valid_but_those_whose_definition_nobody_ships(
    schemas: Path, tmp_path: Path
) -> None:
    found = [(path.stem, each) for path in EXAMPLES for each in objects(path.read_text())]
    known = [
        (stem, each) for stem, each in found if (each["apiVersion"], each["kind"]) not in UNPROVED
    ]
    for index, (stem, each) in enumerate(known):
        (tmp_path / f"{stem}-{index}.yaml").write_text(yaml.safe_dump(each))

    report = conform(schemas, MINORS[-1], sorted(tmp_path.iterdir()))

    assert not [
        f"{each['filename'].split('/')[-1]} {each['kind']}: {each['msg']}"
        for each in report["resources"]
    ]
    assert report["summary"]["valid"] == len(known)
    assert {each["kind"] for _, each in known} == {
        "Cluster",
        "Database",
        "ExternalSecret",
        "Application",
        "GitRepository",
    }
    assert {(each["apiVersion"], each["kind"]) for _, each in found} > UNPROVED


@pytest.mark.parametrize(
    ("example", "kind"),
    [
        ("cloudnative-pg", "Cluster"),
        ("cloudnative-pg", "Database"),
        ("external-secrets", "ExternalSecret"),
        ("argo-cd", "Application"),
        ("flux", "GitRepository"),
    ],
)
def test_a_misspelt_field_of_an_example_is_seen(
    example: str, kind: str, schemas: Path, tmp_path: Path
) -> None:
    wrong = next(
        each
        for each in objects((CHART / "examples" / f"{example}.yaml").read_text())
        if each["kind"] == kind
    )
    wrong["spec"]["replcas"] = 1
    (tmp_path / "wrong.yaml").write_text(yaml.safe_dump(wrong))

    assert conform(schemas, MINORS[-1], [tmp_path / "wrong.yaml"])["summary"]["invalid"] == 1


@pytest.mark.parametrize(
    "kind",
    [
        "Deployment",
        "NetworkPolicy",
        "ScaledObject",
        "PodMonitor",
        "PrometheusRule",
        "HTTPRoute",
        "KafkaTopic",
    ],
)
def test_a_misspelt_field_is_seen(kind: str, schemas: Path, tmp_path: Path) -> None:
    scenario = next(name for name in SCENARIOS if objects_of(name, kind))
    (wrong,) = objects(yaml.safe_dump(objects_of(scenario, kind)[0]))
    wrong["spec"]["replcas"] = 1
    (tmp_path / "wrong.yaml").write_text(yaml.safe_dump(wrong))

    assert conform(schemas, MINORS[-1], [tmp_path / "wrong.yaml"])["summary"]["invalid"] == 1
