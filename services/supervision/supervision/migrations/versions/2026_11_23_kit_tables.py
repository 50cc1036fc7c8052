"""What the kit stores."""

from kit.db import migrations

revision = "supervision_kit"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    migrations.kit_tables()


def downgrade() -> None:
    migrations.no_kit_tables()
