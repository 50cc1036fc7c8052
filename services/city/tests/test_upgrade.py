"""The previous release is replaced, process by process, by this one and a schema that grows, while
a city acts: no difference is seen.
"""

import json
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from city.names import present
from kit.db import migrations

ROOT = Path(__file__).parents[3]
ELDERS, DAYS = 300, 14  # twice as long as the upgrade takes

pytestmark = [pytest.mark.rehearsal, pytest.mark.city, pytest.mark.connected]

# What a release to come may do to a schema that the one before it uses: here to the busiest tables
# of a service.
GROWTH = '''"""A payment may say where it was made, and every such place is remembered."""

import sqlalchemy as sa
from alembic import op

revision = "subsidy_to_come"
down_revision = "{head}"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("payment", sa.Column("made_at_place", sa.String(length=20), nullable=True))
    op.add_column("outbox", sa.Column("urgency", sa.SmallInteger(), nullable=True))
    op.create_table("place_of_payment", sa.Column("place", sa.String(length=20), primary_key=True))


def downgrade() -> None:
    op.drop_table("place_of_payment")
    op.drop_column("outbox", "urgency")
    op.drop_column("payment", "made_at_place")
'''


@pytest.fixture
def folder() -> Iterator[Path]:
    """Not pytest's own: as root the servers run as another user, and every other pytest that starts
    shuts that folder again.
    """
    with TemporaryDirectory(prefix="eldercare-upgrade-", ignore_cleanup_errors=True) as made:
        yield Path(made)


@pytest.fixture
def previous(folder: Path) -> Path:
    """The release before this one, out of the history: `.release` at the root names its commit."""
    commit = (ROOT / ".release").read_text().split()[0]
    known = subprocess.run(
        ["git", "cat-file", "-e", f"{commit}^{{commit}}"],
        cwd=ROOT,
        capture_output=True,
        check=False,
    )
    assert known.returncode == 0, (
        f"the previous release, {commit} in .release, is not in this clone: git fetch --unshallow"
    )
    release = folder / "previous"
    release.mkdir()
    packed = subprocess.run(
        ["git", "archive", commit, "services", "protos"], cwd=ROOT, capture_output=True, check=True
    )
    subprocess.run(["tar", "-x", "-C", str(release)], input=packed.stdout, check=True)
    subprocess.run([sys.executable, str(release / "protos" / "build.py")], check=True, timeout=120)
    return release


@pytest.fixture
def coming(folder: Path) -> Path:
    """This release, with a migration more: what it adds no program knows yet."""
    release = folder / "coming"
    left = shutil.ignore_patterns("node_modules", "dist", "tests", "__pycache__", "portal")
    for part in ("services", "protos"):
        shutil.copytree(ROOT / part, release / part, ignore=left)
    versions = release / "services" / "subsidy" / "subsidy" / "migrations" / "versions"
    (versions / "2099_01_01_place_of_payment.py").write_text(
        GROWTH.format(head=migrations.head("subsidy"))
    )
    return release


@pytest.mark.timeout(1800)
def test_releases_change_under_load_and_nobody_sees_a_difference(
    folder: Path, previous: Path, coming: Path
) -> None:
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
        "--upgrade",
        str(previous),
        str(coming),
    ]
    with (folder / "log").open("wb") as log:
        ended = subprocess.run(
            command, stdout=log, stderr=log, start_new_session=True, check=False, timeout=1740
        ).returncode

    output = (folder / "log").read_text()
    assert ended == 0, output[-6000:]
    assert f"all {2 * len(present())} processes are of the new release" in output, (
        f"the story was over before the upgrade:\n{output[-6000:]}"
    )
    replaced = output.partition("the schema is the new release's")[2]
    assert set(re.findall(r"ended with (-?\d+);", replaced)) == {"0"}, "a process was not drained"
    assert "the schema is at" not in output, (
        "a process of the previous release does not serve on the new schema"
    )
    found = json.loads((folder / "state" / "comparison.json").read_text())
    assert found["compared"] > 10_000
    assert found["differences"] == []
    assert (
        found["failures"] == []
    )  # records not accounted for, parked ones, a ledger out of balance
    assert re.search(r"(\d+)\s+tries\s+repeated", output)
    assert re.search(r"(\d+) records were consumed twice and applied once", output)
