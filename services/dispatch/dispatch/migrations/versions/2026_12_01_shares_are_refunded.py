"""What an elder paid of a visit that is refused for good is given back."""

import sqlalchemy as sa
from alembic import op

revision = "dispatch_refunds"
down_revision = "dispatch_receipts"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("visit_order", sa.Column("refused_at", sa.DateTime(timezone=True), nullable=True))
    op.add_column(
        "receipt", sa.Column("refund", sa.Boolean(), server_default="false", nullable=False)
    )


def downgrade() -> None:
    op.drop_column("receipt", "refund")
    op.drop_column("visit_order", "refused_at")
