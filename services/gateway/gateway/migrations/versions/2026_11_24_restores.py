"""The feed can be restored from a backup: how far letters are sent, the epochs, and where the feed
of each lost epoch goes on.
"""

import sqlalchemy as sa
from alembic import op

from kit.db import migrations

revision = "gateway_restores"
down_revision = "a1f0d5c2b7e3"
branch_labels = None
depends_on = None


def upgrade() -> None:
    migrations.restore_tables()
    op.create_table(
        "feed_restore",
        sa.Column("restored", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("epoch", sa.Uuid(), nullable=False),
        sa.Column("position", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("restored", name=op.f("feed_restore_pk")),
        sa.UniqueConstraint("epoch", name=op.f("feed_restore_epoch_uq")),
    )


def downgrade() -> None:
    op.drop_table("feed_restore")
    migrations.no_restore_tables()
