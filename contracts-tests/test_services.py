"""`city.names` is the list of services, `services/NAME/NAME` the list of packages; every place that
cannot read them repeats them, and is compared here.

What is missing is told as FILE: WHERE lacks NAME.
"""

import re
import tomllib
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import pytest
import topology
import yaml

from city.names import BUSINESS, NAMES
from city.operations.snapshots import OWNERS

ROOT = Path(__file__).parents[1]
PACKAGES = frozenset(
    init.parent.name
    for init in (ROOT / "services").glob("*/*/__init__.py")
    if init.parent.name == init.parents[1].name
)
PROJECT: dict[str, Any] = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]


def words(file: str, pattern: str) -> set[str]:
    """The words of the first group of a pattern that must occur in a file."""
    found = re.search(pattern, (ROOT / file).read_text(), re.DOTALL)
    assert found is not None, f"{file}: nothing looks like {pattern}"
    return set(re.findall(r"[a-z]+", found[1]))


def document(file: str) -> Any:
    return yaml.safe_load((ROOT / file).read_text())


def folders(paths: Iterable[str]) -> set[str]:
    return {path.removeprefix("services/") for path in paths if path.startswith("services/")}


def contract(name: str) -> dict[str, Any]:
    return next(each for each in PROJECT["importlinter"]["contracts"] if each["name"] == name)


def containers() -> set[str]:
    """Services whose modules are layered by some contract, as a whole or by aggregate."""
    return {
        container.partition(".")[0]
        for each in PROJECT["importlinter"]["contracts"]
        for container in each.get("containers", ())
    }


def pure() -> set[str]:
    """Services whose rules are kept pure by some contract."""
    return {
        module.partition(".")[0]
        for each in PROJECT["importlinter"]["contracts"]
        if each["type"] == "forbidden"
        for module in each["source_modules"]
        if ".rules" in module or module.endswith(".**.rules")
    }


Read = Callable[[], Iterable[str]]
SHIPPED = {*NAMES, "kit", "simulator"}

# (file, where in it, what has to be there, what is there)
PLACES: list[tuple[str, str, Iterable[str], Read]] = [
    (
        "pyproject.toml",
        "packages.find.where",
        PACKAGES,
        lambda: folders(PROJECT["setuptools"]["packages"]["find"]["where"]),
    ),
    ("pyproject.toml", "mypy_path", PACKAGES, lambda: folders(PROJECT["mypy"]["mypy_path"])),
    (
        "pyproject.toml",
        "isort.known-first-party",
        PACKAGES,
        lambda: PROJECT["ruff"]["lint"]["isort"]["known-first-party"],
    ),
    (
        "pyproject.toml",
        "importlinter.root_packages",
        PACKAGES,
        lambda: PROJECT["importlinter"]["root_packages"],
    ),
    (
        "pyproject.toml",
        "Services know nothing of each other",
        {*NAMES, "simulator"},
        lambda: contract("Services know nothing of each other")["modules"],
    ),
    (
        "pyproject.toml",
        "The kit knows no service",
        {*NAMES, "simulator", "city"},
        lambda: contract("The kit knows no service")["forbidden_modules"],
    ),
    (
        "pyproject.toml",
        "What the image runs needs no server, test or benchmark of a checkout",
        SHIPPED,
        lambda: contract("What the image runs needs no server, test or benchmark of a checkout")[
            "source_modules"
        ],
    ),
    ("pyproject.toml", "a contract of layers", BUSINESS, containers),
    ("pyproject.toml", "a contract of pure rules", BUSINESS, pure),
    ("contracts-tests/topology.py", "PUBLISHES", NAMES, lambda: topology.PUBLISHES),
    ("contracts-tests/topology.py", "CONSUMES", NAMES, lambda: topology.CONSUMES),
    ("contracts-tests/topology.py", "ANSWERS", NAMES, lambda: topology.ANSWERS),
    ("contracts-tests/topology.py", "DECIDES", NAMES, lambda: topology.DECIDES),
    (
        "contracts-tests/test_schema_changes.py",
        "FIRST",
        {"kit", *NAMES},
        lambda: words("contracts-tests/test_schema_changes.py", r"FIRST = {(.*?)\n}"),
    ),
    ("protos/eldercare", "folders", BUSINESS, lambda: listed("protos/eldercare")),
    (
        "services/README.md",
        "the table of packages",
        PACKAGES,
        lambda: words("services/README.md", r"\| --- \|\n(.*?)\n\n"),
    ),
    (
        "charts/eldercare/values.yaml",
        "services",
        NAMES,
        lambda: document("charts/eldercare/values.yaml")["services"],
    ),
    (
        "charts/eldercare/values.schema.json",
        "services",
        NAMES,
        lambda: document("charts/eldercare/values.schema.json")["properties"]["services"][
            "properties"
        ],
    ),
    (
        "charts/eldercare/files/topology.yaml",
        "services",
        NAMES,
        lambda: document("charts/eldercare/files/topology.yaml")["services"],
    ),
    *(
        (file, "SERVICES", NAMES, lambda file=file: words(file, r"\nSERVICES = \((.*?)\)"))
        for file in (
            "charts/capacity/sizing.py",
            "charts/observability/observability/alerts.py",
            "charts/tests/chart.py",
        )
    ),
    (
        "compose/compose.yaml",
        "services",
        NAMES,
        lambda: document("compose/compose.yaml")["services"],
    ),
    (
        "compose/compose.simulation.yaml",
        "services",
        NAMES,
        lambda: document("compose/compose.simulation.yaml")["services"],
    ),
    (
        "compose/config/postgres/databases.sh",
        "for service in",
        NAMES,
        lambda: words("compose/config/postgres/databases.sh", r"for service in ([\w ]+);"),
    ),
    (
        "compose/config/prometheus/prometheus.yml",
        "targets",
        NAMES,
        lambda: words("compose/config/prometheus/prometheus.yml", r"targets: \[(assessment:.*?)\]"),
    ),
]


def listed(folder: str) -> set[str]:
    return {path.name for path in (ROOT / folder).iterdir() if path.is_dir()}


def lacking(wanted: Iterable[str], there: Iterable[str]) -> list[str]:
    return sorted(set(wanted) - set(there))


@pytest.mark.parametrize(
    ("file", "where", "wanted", "read"), PLACES, ids=[f"{place[0]}: {place[1]}" for place in PLACES]
)
def test_every_place_that_repeats_the_list_has_every_service(
    file: str, where: str, wanted: Iterable[str], read: Read
) -> None:
    wrong = [f"{file}: {where} lacks {name}" for name in lacking(wanted, read())]

    assert wrong == []


def test_every_service_of_the_list_has_its_folder() -> None:
    assert lacking(NAMES, PACKAGES) == []


def test_only_services_of_the_list_own_what_is_published_again() -> None:
    assert lacking(OWNERS.values(), BUSINESS) == []


def test_a_service_that_was_forgotten_is_named() -> None:
    assert lacking((*NAMES, "meals"), topology.PUBLISHES) == ["meals"]
