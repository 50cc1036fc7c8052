"""Results are rejected with grounds, and appealed after they are decided."""

import sqlalchemy as sa
from alembic import op

revision = "assessment_appeals"
down_revision = "assessment_life_events"
branch_labels = None
depends_on = None

_INSTANTS = ("approved_at", "rejected_at", "appealed_at")


def upgrade() -> None:
    for column in _INSTANTS:
        op.add_column("assessment", sa.Column(column, sa.DateTime(timezone=True), nullable=True))
    op.add_column("assessment", sa.Column("grounds_sealed", sa.LargeBinary(), nullable=True))


def downgrade() -> None:
    for column in (*_INSTANTS, "grounds_sealed"):
        op.drop_column("assessment", column)
