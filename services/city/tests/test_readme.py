"""The README names every verb of the command and every file of the package."""

import re
from pathlib import Path

import typer

import city
from city.cli.app import app

PACKAGE = Path(city.__file__).parent
TEXT = (PACKAGE.parent / "README.md").read_text()


def test_every_verb_stands_in_the_table() -> None:
    named = {
        verb
        for line in TEXT.splitlines()
        if line.startswith("| `")
        for verb in re.findall(r"`([a-z-]+)`", line.split("|")[1])
    }

    assert named == set(typer.main.get_command(app).commands)  # type: ignore[attr-defined]


def test_every_file_is_named() -> None:
    files = {path.name for path in PACKAGE.rglob("*.py") if not path.name.startswith("__")}

    assert files == set(re.findall(r"`((?!test_)[a-z_]+\.py)`", TEXT))
