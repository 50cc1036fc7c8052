"""A death that lies before a discharge ends the stay, which knows the discharge in case the death
was none; what goes on then is charged with it.
"""

import sqlalchemy as sa
from alembic import op

revision = "facility_death_before_discharge"
down_revision = "facility_born_on"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("stay", sa.Column("discharged_on", sa.Date(), nullable=True))
    op.add_column("stay", sa.Column("continues", sa.Uuid(), nullable=True))


def downgrade() -> None:
    op.drop_column("stay", "continues")
    op.drop_column("stay", "discharged_on")
