"""the feed knows which worker may read an event"""

import sqlalchemy as sa
from alembic import op

revision = "gateway_feed_of_workers"
down_revision = "gateway_restores"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("feed_event", sa.Column("worker_id", sa.Uuid(), nullable=True))


def downgrade() -> None:
    op.drop_column("feed_event", "worker_id")
