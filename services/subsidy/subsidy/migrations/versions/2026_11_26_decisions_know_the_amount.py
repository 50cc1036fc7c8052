"""A decision knows its amount, so that a payment can be made as of its day."""

import sqlalchemy as sa
from alembic import op

revision = "subsidy_decisions_know_amounts"
down_revision = "subsidy_debts_by_voucher"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("decision", sa.Column("monthly_fen", sa.BigInteger(), nullable=True))


def downgrade() -> None:
    op.drop_column("decision", "monthly_fen")
