"""What ended knows by what: a debt that a death took back comes back with it, an application that
was rejected is found by an appeal.
"""

import sqlalchemy as sa
from alembic import op

revision = "subsidy_ends_know_why"
down_revision = "subsidy_claims_by_owner"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("debt", sa.Column("reversed_for", sa.SmallInteger(), nullable=True))
    op.add_column("application", sa.Column("rejected_id", sa.Uuid(), nullable=True))


def downgrade() -> None:
    op.drop_column("application", "rejected_id")
    op.drop_column("debt", "reversed_for")
