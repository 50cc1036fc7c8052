"""Hardships know since when they hold, and by which document."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "assessment_hardship_periods"
down_revision = "assessment_duties"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column(
        "elder",
        sa.Column("hardship_periods", postgresql.JSONB(), nullable=False, server_default="[]"),
    )


def downgrade() -> None:
    op.drop_column("elder", "hardship_periods")
