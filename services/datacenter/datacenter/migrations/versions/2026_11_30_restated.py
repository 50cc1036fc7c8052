"""what was told after a month had ended"""

import sqlalchemy as sa
from alembic import op

revision = "datacenter_restated"
down_revision = "datacenter_proof_runs"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "restated",
        sa.Column("generation", sa.SmallInteger(), nullable=False),
        sa.Column("area_code", sa.Text(), nullable=False),
        sa.Column("month", sa.Integer(), nullable=False),
        sa.Column("reported_on", sa.Date(), nullable=False),
        sa.Column("measure", sa.Text(), nullable=False),
        sa.Column("amount", sa.BigInteger(), nullable=False),
        sa.Column("facts", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint(
            "generation", "area_code", "month", "reported_on", "measure", name=op.f("restated_pk")
        ),
    )
    op.create_index("restated_reported_ix", "restated", ["generation", "reported_on"])


def downgrade() -> None:
    op.drop_table("restated")
