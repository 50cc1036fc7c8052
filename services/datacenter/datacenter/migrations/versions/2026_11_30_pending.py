"""what is neither done nor due yet"""

import sqlalchemy as sa
from alembic import op

revision = "datacenter_pending"
down_revision = "datacenter_archive_by_type"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "pending",
        sa.Column("generation", sa.SmallInteger(), nullable=False),
        sa.Column("area_code", sa.Text(), nullable=False),
        sa.Column("month", sa.Integer(), nullable=False),
        sa.Column("due_on", sa.Date(), nullable=False),
        sa.Column("measure", sa.Text(), nullable=False),
        sa.Column("amount", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint(
            "generation", "area_code", "month", "due_on", "measure", name=op.f("pending_pk")
        ),
    )
    op.create_index(
        "pending_nothing_ix", "pending", ["generation"], postgresql_where=sa.text("amount = 0")
    )


def downgrade() -> None:
    op.drop_table("pending")
