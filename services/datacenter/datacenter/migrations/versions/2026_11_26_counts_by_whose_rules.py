"""Counts know by the rules of which program they were counted, and up to which batch."""

import sqlalchemy as sa
from alembic import op

revision = "datacenter_counts_by_whose_rules"
down_revision = "datacenter_archived_days"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("projection", sa.Column("counted_by", sa.String(), nullable=True))
    op.add_column(
        "projection", sa.Column("counted_to", sa.BigInteger(), nullable=False, server_default="0")
    )


def downgrade() -> None:
    op.drop_column("projection", "counted_to")
    op.drop_column("projection", "counted_by")
