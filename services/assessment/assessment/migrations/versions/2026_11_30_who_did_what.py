"""Who registered, applied, assigned and signed; a record waits for all signatures."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "assessment_duties"
down_revision = "assessment_restores"
branch_labels = None
depends_on = None

_NEW = (
    ("elder", "registered_by"),
    ("import", "started_by"),
    ("application", "submitted_by"),
    ("application", "assigned_by"),
)


def upgrade() -> None:
    for table, column in _NEW:
        op.add_column(table, sa.Column(column, sa.String(), nullable=True))
    op.add_column(
        "application",
        sa.Column("signed_ids", postgresql.ARRAY(sa.UUID()), nullable=False, server_default="{}"),
    )
    op.add_column(
        "application",
        sa.Column("signed_by", postgresql.ARRAY(sa.Text()), nullable=False, server_default="{}"),
    )
    op.add_column("application", sa.Column("record_sealed", sa.LargeBinary(), nullable=True))
    op.add_column("application", sa.Column("assessment_id", sa.Uuid(), nullable=True))
    op.add_column(
        "application", sa.Column("assessed_at", sa.DateTime(timezone=True), nullable=True)
    )


def downgrade() -> None:
    for column in ("assessed_at", "assessment_id", "record_sealed", "signed_by", "signed_ids"):
        op.drop_column("application", column)
    for table, column in _NEW:
        op.drop_column(table, column)
