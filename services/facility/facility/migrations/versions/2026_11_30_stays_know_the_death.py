"""Stays know the day of the death that ended them, so that a wrong death can be undone."""

import sqlalchemy as sa
from alembic import op

revision = "facility_stays_and_deaths"
down_revision = "facility_restores"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("stay", sa.Column("death_on", sa.Date(), nullable=True))


def downgrade() -> None:
    op.drop_column("stay", "death_on")
