"""`python -m devservers.new_revision <package> "<message>"`: writes the next revision of a package
from its tables.

It is compared with a throw-away cluster brought to head, so no database is needed.
"""

import sys
import tempfile
from datetime import UTC, datetime
from pathlib import Path

from devservers.postgres import Postgres
from kit.db import migrations

FIRST = '''"""{message}"""

from kit.db import migrations

revision = "{revision}"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    migrations.kit_tables()


def downgrade() -> None:
    migrations.no_kit_tables()
'''


def main(arguments: list[str]) -> int:
    """Writes the revision; a package without any gets one with the kit's tables before it."""
    if len(arguments) != 2:
        sys.stderr.write(f"{__doc__}\n")
        return 2
    package, message = arguments
    folder = Path(migrations.config(package).get_main_option("version_locations") or "")
    folder.mkdir(parents=True, exist_ok=True)
    for within in (folder, folder.parent):
        (within / "__init__.py").touch()
    if migrations.head(package) is None:
        first = folder / f"{datetime.now(UTC):%Y_%m_%d}_kit_tables.py"
        first.write_text(FIRST.format(message="What the kit remembers.", revision=f"{package}_kit"))
    with tempfile.TemporaryDirectory() as scratch:
        cluster = Postgres(Path(scratch) / "data", durable=False)
        cluster.start()
        try:
            migrations.upgrade(cluster.dsn(), package)
            migrations.write(cluster.dsn(), package, message)
        finally:
            cluster.stop()
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
