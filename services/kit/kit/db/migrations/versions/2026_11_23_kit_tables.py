"""The kit's own database, for its tests: nothing but the kit's tables."""

from kit.db import migrations

revision = "kit_1"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    migrations.kit_tables()


def downgrade() -> None:
    migrations.no_kit_tables()
