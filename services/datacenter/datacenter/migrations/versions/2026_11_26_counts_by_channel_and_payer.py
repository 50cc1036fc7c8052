"""Counts learn who paid for a visit, by which way an application came, and which applications were
not withdrawn.
"""

import sqlalchemy as sa
from alembic import op

revision = "datacenter_channels_and_payers"
down_revision = "datacenter_restores"
branch_labels = None
depends_on = None

COLUMNS = (
    "applications_valid",
    "applications_portal",
    "applications_hotline",
    "applications_mobile",
    "applications_terminal",
    "finished_funded",
    "finished_funded_followed_up",
)


def upgrade() -> None:
    for name in COLUMNS:
        op.add_column("count", sa.Column(name, sa.BigInteger(), nullable=True))


def downgrade() -> None:
    for name in COLUMNS:
        op.drop_column("count", name)
