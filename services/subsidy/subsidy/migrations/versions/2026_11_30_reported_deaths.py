"""What is given to somebody whose death is reported pauses until an official has decided."""

import sqlalchemy as sa
from alembic import op

revision = "subsidy_reported_deaths"
down_revision = "subsidy_usable_months"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("elder", sa.Column("reported_died_on", sa.Date(), nullable=True))


def downgrade() -> None:
    op.drop_column("elder", "reported_died_on")
