"""Visits that devices tell after their order had ended; when orders were accepted and ended."""

import sqlalchemy as sa
from alembic import op

revision = "dispatch_back_entries"
down_revision = "dispatch_suspensions"
branch_labels = None
depends_on = None


def upgrade() -> None:
    for name in ("accepted_at", "cancelled_at"):
        op.add_column("visit_order", sa.Column(name, sa.DateTime(timezone=True), nullable=True))
    op.create_table(
        "back_entry",
        sa.Column("order_id", sa.Uuid(), nullable=False),
        sa.Column("elder_id", sa.Uuid(), nullable=False),
        sa.Column("area_code", sa.String(), nullable=False),
        sa.Column("organisation_id", sa.Uuid(), nullable=False),
        sa.Column("worker_id", sa.Uuid(), nullable=False),
        sa.Column("state", sa.SmallInteger(), nullable=False),
        sa.Column("checked_in_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("checked_out_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("check_in_m", sa.Integer(), nullable=True),
        sa.Column("in_place", sa.LargeBinary(), nullable=True),
        sa.Column("out_place", sa.LargeBinary(), nullable=True),
        sa.Column("filed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("decided_by", sa.String(), nullable=True),
        sa.PrimaryKeyConstraint("order_id", name=op.f("back_entry_pk")),
    )
    op.create_index("back_entry_area_ix", "back_entry", ["area_code", "order_id"])
    op.create_index("back_entry_organisation_ix", "back_entry", ["organisation_id", "order_id"])


def downgrade() -> None:
    op.drop_table("back_entry")
    op.drop_column("visit_order", "cancelled_at")
    op.drop_column("visit_order", "accepted_at")
