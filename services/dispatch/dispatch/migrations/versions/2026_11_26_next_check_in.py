"""A worker's next check-in is found as fast as the check-out before."""

from alembic import op

revision = "dispatch_next_check_in"
down_revision = "dispatch_restores"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_index("visit_order_arrived_ix", "visit_order", ["worker_id", "checked_in_at"])


def downgrade() -> None:
    op.drop_index("visit_order_arrived_ix", "visit_order")
