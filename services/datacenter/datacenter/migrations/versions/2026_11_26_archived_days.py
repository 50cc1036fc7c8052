"""Days of the archive that left as files."""

import sqlalchemy as sa
from alembic import op

revision = "datacenter_archived_days"
down_revision = "datacenter_owner"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "archived_day",
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("file", sa.Text(), nullable=False),
        sa.Column("checksum", sa.Text(), nullable=False),
        sa.Column("rows", sa.BigInteger(), nullable=False),
        sa.Column("digest", sa.Text(), nullable=False),
        sa.Column("first_id", sa.Uuid(), nullable=False),
        sa.Column("last_id", sa.Uuid(), nullable=False),
        sa.Column("newest", sa.DateTime(timezone=True), nullable=False),
        sa.Column("exported_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("day", name=op.f("archived_day_pk")),
    )


def downgrade() -> None:
    op.drop_table("archived_day")
