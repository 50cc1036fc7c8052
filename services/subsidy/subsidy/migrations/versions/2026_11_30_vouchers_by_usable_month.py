"""Vouchers are found by the month in which they can be used."""

from alembic import op

from kit.db import migrations

revision = "subsidy_usable_months"
down_revision = "subsidy_days"
branch_labels = None
depends_on = None


def upgrade() -> None:
    migrations.add_index(
        "voucher_usable_month_ix",
        "voucher",
        "coalesce(usable_month, month)",
        "voucher_id",
        where="lapsed_at is null",
    )


def downgrade() -> None:
    op.drop_index("voucher_usable_month_ix", table_name="voucher")
