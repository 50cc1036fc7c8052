"""A service can be restored from a backup: how far its outbox is sent, and its epochs."""

from kit.db import migrations

revision = "dispatch_restores"
down_revision = "dispatch_first"
branch_labels = None
depends_on = None


def upgrade() -> None:
    migrations.restore_tables()


def downgrade() -> None:
    migrations.no_restore_tables()
