"""Which visits were told after their order had ended."""

import sqlalchemy as sa
from alembic import op

revision = "supervision_back_entries"
down_revision = "supervision_complaints_by_order"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column(
        "settlement",
        sa.Column("back_entry", sa.Boolean(), nullable=False, server_default="false"),
    )


def downgrade() -> None:
    op.drop_column("settlement", "back_entry")
