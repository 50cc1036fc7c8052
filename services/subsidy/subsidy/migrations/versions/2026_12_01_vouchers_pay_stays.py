"""Vouchers pay a share of the months of stays."""

import sqlalchemy as sa
from alembic import op

revision = "subsidy_stays"
down_revision = "subsidy_claims_have_versions"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column(
        "debt", sa.Column("is_stay", sa.Boolean(), server_default="false", nullable=False)
    )
    op.create_table(
        "stay_charge",
        sa.Column("charge_id", sa.Uuid(), nullable=False),
        sa.Column("organisation_id", sa.Uuid(), nullable=False),
        sa.Column("elder_id", sa.Uuid(), nullable=False),
        sa.Column("area_code", sa.String(), nullable=False),
        sa.Column("month", sa.String(length=7), nullable=False),
        sa.Column("price_fen", sa.BigInteger(), nullable=False),
        sa.Column("last_on", sa.Date(), nullable=True),
        sa.Column("voucher_fen", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("charge_id", name=op.f("stay_charge_pk")),
    )
    op.create_index("stay_charge_elder_id_ix", "stay_charge", ["elder_id", "month"])


def downgrade() -> None:
    op.drop_table("stay_charge")
    op.drop_column("debt", "is_stay")
