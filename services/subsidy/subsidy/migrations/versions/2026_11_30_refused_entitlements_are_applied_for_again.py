"""An entitlement that was refused can be applied for again."""

import sqlalchemy as sa
from alembic import op

revision = "subsidy_refused_applied_again"
down_revision = "subsidy_decisions_know_amounts"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column(
        "entitlement", sa.Column("reapplied_at", sa.DateTime(timezone=True), nullable=True)
    )


def downgrade() -> None:
    op.drop_column("entitlement", "reapplied_at")
