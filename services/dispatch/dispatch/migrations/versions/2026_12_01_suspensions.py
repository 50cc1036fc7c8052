"""Organisations that are suspended send nobody, nor are workers of a facility sent to homes."""

import sqlalchemy as sa
from alembic import op

revision = "dispatch_suspensions"
down_revision = "dispatch_reported_deaths"
branch_labels = None
depends_on = None


def upgrade() -> None:
    for name in ("suspended_from", "suspended_to"):
        op.add_column("organisation", sa.Column(name, sa.Date(), nullable=True))
    op.add_column(
        "worker",
        sa.Column("place_of_work", sa.SmallInteger(), nullable=False, server_default="0"),
    )


def downgrade() -> None:
    op.drop_column("worker", "place_of_work")
    for name in ("suspended_to", "suspended_from"):
        op.drop_column("organisation", name)
