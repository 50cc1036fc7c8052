"""Workers with an expired certificate are asked for nothing."""

import sqlalchemy as sa
from alembic import op

revision = "dispatch_certificates"
down_revision = "dispatch_restores"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("worker", sa.Column("certified_until", sa.Date(), nullable=True))


def downgrade() -> None:
    op.drop_column("worker", "certified_until")
