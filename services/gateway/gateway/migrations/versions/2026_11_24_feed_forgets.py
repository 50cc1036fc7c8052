"""the feed knows what has left it"""

import sqlalchemy as sa
from alembic import op

revision = "a1f0d5c2b7e3"
down_revision = "7c53bbc52629"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column(
        "feed_head", sa.Column("gone", sa.BigInteger(), server_default="0", nullable=False)
    )


def downgrade() -> None:
    op.drop_column("feed_head", "gone")
