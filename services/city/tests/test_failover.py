"""A broker and the PostgreSQL that is written to die at the same moment, while a city acts: nothing
is lost, and all figures are right.
"""

import json
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

pytestmark = [pytest.mark.rehearsal, pytest.mark.city, pytest.mark.connected]
ELDERS, DAYS, KILL_S = 300, 4, 5


@pytest.fixture
def folder() -> Iterator[Path]:
    """Not pytest's own: as root the servers run as another user, and every other pytest that starts
    shuts that folder again.
    """
    with TemporaryDirectory(prefix="eldercare-failover-", ignore_cleanup_errors=True) as made:
        yield Path(made)


@pytest.mark.timeout(600)
def test_a_broker_and_the_primary_may_die_together(folder: Path) -> None:
    ended = acted(folder, "--brokers", "3", "--standby", "--kill", str(KILL_S), "--failover")

    output = (folder / "log").read_text()
    assert ended == 0, output[-6000:]
    deaths = re.findall(r"^killed: (kafka-\d) and (postgres(?:-2)?) ", output, re.MULTILINE)
    assert deaths, "the story was over before anybody died"
    assert output.count(" is promoted; ") >= len(deaths) - 1, (
        output
    )  # the last death may have come with the end
    assert "may lack something" not in output
    found = json.loads((folder / "state" / "comparison.json").read_text())
    assert found["compared"] > 10_000
    assert found["differences"] == []
    assert (
        found["failures"] == []
    )  # records not accounted for, parked ones, a ledger out of balance


def acted(folder: Path, *options: str) -> int:
    """A demo as a person starts it; its exit code."""
    story = [
        "--elders",
        str(ELDERS),
        "--days",
        str(DAYS),
        "--once",
        "--port",
        "0",
        "--kafka",
        "apache",
    ]
    command = [
        sys.executable,
        "-m",
        "city",
        "demo",
        "--state",
        str(folder / "state"),
        *story,
        *options,
    ]
    with (folder / "log").open("wb") as log:
        return subprocess.run(
            command, stdout=log, stderr=log, start_new_session=True, check=False, timeout=560
        ).returncode
