"""A debt knows the day of its visit, and what became of it where a late fact showed that nothing was due."""

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
    op.create_index(op.f("debt_voucher_id_ix"), "debt", ["voucher_id"], unique=False)
    op.create_check_constraint(
        op.f("debt_reversed_unpaid_claimed_paid_ck"), "debt",
        "(reversed_at is null or payment_id is null) and (recovery_id is null or payment_id is not null)",
    )


def downgrade() -> None:
    op.drop_constraint(op.f("debt_reversed_unpaid_claimed_paid_ck"), "debt")
    op.drop_index(op.f("debt_voucher_id_ix"), table_name="debt")
    op.drop_column("debt", "recovery_id")
    op.drop_column("debt", "reversed_at")
    op.drop_column("debt", "visited_on")
