"""A claim has a version, so that one of two officials who change it at once is told."""

import sqlalchemy as sa
from alembic import op

revision = "subsidy_claims_have_versions"
down_revision = "subsidy_rejections"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column(
        "recovery", sa.Column("version", sa.BigInteger(), server_default="1", nullable=False)
    )


def downgrade() -> None:
    op.drop_column("recovery", "version")
