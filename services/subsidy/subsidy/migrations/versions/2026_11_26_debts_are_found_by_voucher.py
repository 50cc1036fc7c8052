"""The debts of a voucher are found without reading all of them."""

from alembic import op

from kit.db import migrations

revision = "subsidy_debts_by_voucher"
down_revision = "subsidy_debts_know_visits"
branch_labels = None
depends_on = None


def upgrade() -> None:
    migrations.add_index("debt_voucher_id_ix", "debt", "voucher_id")


def downgrade() -> None:
    op.drop_index("debt_voucher_id_ix", table_name="debt")
