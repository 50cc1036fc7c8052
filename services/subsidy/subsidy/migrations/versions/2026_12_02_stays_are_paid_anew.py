"""A month of a stay knows what was paid again of what had come back of it."""

import sqlalchemy as sa
from alembic import op

revision = "subsidy_stays_anew"
down_revision = "subsidy_stays"
branch_labels = None
depends_on = None


def upgrade() -> None:
    column = sa.Column("anew_fen", sa.BigInteger(), nullable=False, server_default="0")
    op.add_column("stay_charge", column)


def downgrade() -> None:
    op.drop_column("stay_charge", "anew_fen")
