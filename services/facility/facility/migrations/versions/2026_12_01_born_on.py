"""The day an elder was born, before which nobody is admitted."""

import sqlalchemy as sa
from alembic import op

revision = "facility_born_on"
down_revision = "facility_stay_charges"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("elder", sa.Column("born_on", sa.Date(), nullable=True))


def downgrade() -> None:
    op.drop_column("elder", "born_on")
