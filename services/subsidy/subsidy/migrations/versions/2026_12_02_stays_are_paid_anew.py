"""A month of a stay knows what was paid again of what had come back of it."""

import sqlalchemy as sa
from alembic import op

revision = "subsidy_stays_anew"
down_revision = "subsidy_stays"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column(
        "stay_charge", sa.Column("anew_fen", sa.BigInteger(), server_default="0", nullable=False)
    )


def downgrade() -> None:
    op.drop_column("stay_charge", "anew_fen")
