"""The counts know what was given for a month: cash that was paid and vouchers that were used."""

import sqlalchemy as sa
from alembic import op

revision = "datacenter_counts_know_given"
down_revision = "datacenter_channels_and_payers"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("count", sa.Column("given_fen", sa.BigInteger(), nullable=True))


def downgrade() -> None:
    op.drop_column("count", "given_fen")
