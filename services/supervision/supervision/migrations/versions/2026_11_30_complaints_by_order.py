"""Complaints are found by their order."""

from alembic import op

from kit.db import migrations

revision = "supervision_complaints_by_order"
down_revision = "supervision_disputes"
branch_labels = None
depends_on = None


def upgrade() -> None:
    migrations.add_index("complaint_order_ix", "complaint", "order_id")


def downgrade() -> None:
    op.drop_index("complaint_order_ix", table_name="complaint")
