"""The table of a proof: what was looked at, and what was seen."""

import os
import re
from datetime import UTC, datetime
from pathlib import Path


class Wrong(Exception):
    """Something is not as it should be."""


class Proof:
    """The table: each line is printed when it is known."""

    def __init__(self) -> None:
        self.lines: list[tuple[str, str]] = []

    def say(self, what: str, seen: object) -> None:
        self.lines.append((what, str(seen)))
        print(f"{what:<34} {seen}", flush=True)

    def must(self, what: str, right: bool, seen: object) -> None:
        """Raises: Wrong."""
        self.say(what, seen if right else f"WRONG: {seen}")
        if not right:
            raise Wrong(f"{what}: {seen}")


def record(proof: Proof, file: Path) -> None:
    """Puts the table into the section "Image", at the end where there is none."""
    rows = "\n".join(
        f"| {what} | {seen.replace('|', '¦')} |"
        for what, seen in proof.lines
        if not what.startswith("  ")
    )
    smoke = "\n".join(
        re.sub(r" +", " ", seen) for what, seen in proof.lines if what.startswith("  ")
    )
    machine = f"`make test-image`, {datetime.now(UTC):%Y-%m-%d}, {os.cpu_count()} cores"
    facts = (
        f"{machine}, Debian's podman and crun, base made by debootstrap. "
        "Limits of memory are not enforced in this run (`--cgroups=disabled`)."
    )
    table = f"| What | Seen |\n| --- | --- |\n{rows}"
    lines = f"The smoke test, line by line:\n\n```text\n{smoke}\n```"
    text = f"## Image\n\n{facts}\n\n{table}\n\n{lines}\n"
    old = "# Measured\n\nThe last output of the slow tests.\n"
    if file.exists():
        old = file.read_text()
    section = re.compile(r"^## Image\n.*?(?=^## |\Z)", re.MULTILINE | re.DOTALL)
    new = f"{old.rstrip()}\n\n{text}"
    if section.search(old):
        new = section.sub(lambda _: text + "\n", old).rstrip() + "\n"
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(new)
