"""Who is reported dead is not served until it is decided; why an order was cancelled is kept."""

import sqlalchemy as sa
from alembic import op

revision = "dispatch_reported_deaths"
down_revision = "dispatch_certificates"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("elder", sa.Column("reported_died_on", sa.Date(), nullable=True))
    op.add_column("visit_order", sa.Column("cause", sa.SmallInteger(), nullable=True))


def downgrade() -> None:
    op.drop_column("visit_order", "cause")
    op.drop_column("elder", "reported_died_on")
