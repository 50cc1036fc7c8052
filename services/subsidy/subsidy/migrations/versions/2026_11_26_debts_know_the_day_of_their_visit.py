"""A debt knows the day of its visit, and what became of it where a late fact showed that nothing
was due.
"""

import sqlalchemy as sa
from alembic import op

revision = "subsidy_debts_know_visits"
down_revision = "subsidy_restores"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("debt", sa.Column("visited_on", sa.Date(), nullable=True))
    op.add_column("debt", sa.Column("reversed_at", sa.DateTime(timezone=True), nullable=True))
    op.add_column("debt", sa.Column("recovery_id", sa.Uuid(), nullable=True))


def downgrade() -> None:
    op.drop_column("debt", "recovery_id")
    op.drop_column("debt", "reversed_at")
    op.drop_column("debt", "visited_on")
