"""Registers are changed, suspended and closed, and keep it; workers say where they work."""

import sqlalchemy as sa
from alembic import op

revision = "facility_changes"
down_revision = "facility_stays_and_deaths"
branch_labels = None
depends_on = None


def upgrade() -> None:
    for name in ("business_phone", "business_address"):
        op.add_column(
            "organisation", sa.Column(name, sa.String(), nullable=False, server_default="")
        )
    for table in ("organisation", "facility"):
        for name in ("suspended_from", "suspended_to", "closed_on"):
            op.add_column(table, sa.Column(name, sa.Date(), nullable=True))
    op.add_column("facility", sa.Column("valid_from", sa.Date(), nullable=True))
    op.add_column("facility", sa.Column("planned_from", sa.Date(), nullable=True))
    for name in ("planned_beds", "planned_nursing_beds"):
        op.add_column("facility", sa.Column(name, sa.Integer(), nullable=True))
    op.add_column("bed", sa.Column("removed", sa.Boolean(), nullable=False, server_default="false"))
    op.add_column("worker", sa.Column("left_on", sa.Date(), nullable=True))
    op.add_column("worker", sa.Column("place_of_work", sa.SmallInteger(), nullable=True))
    op.create_table(
        "register_change",
        sa.Column("subject_id", sa.Uuid(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("organisation_id", sa.Uuid(), nullable=False),
        sa.Column("area_code", sa.String(), nullable=False),
        sa.Column("action", sa.String(), nullable=False),
        sa.Column("reason", sa.String(), nullable=False),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("recorded_by", sa.String(), nullable=False),
        sa.Column("before", sa.LargeBinary(), nullable=False),
        sa.Column("after", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("subject_id", "version", name=op.f("register_change_pk")),
    )


def downgrade() -> None:
    op.drop_table("register_change")
    op.drop_column("worker", "place_of_work")
    op.drop_column("worker", "left_on")
    op.drop_column("bed", "removed")
    for name in ("planned_nursing_beds", "planned_beds", "planned_from", "valid_from"):
        op.drop_column("facility", name)
    for table in ("facility", "organisation"):
        for name in ("closed_on", "suspended_to", "suspended_from"):
            op.drop_column(table, name)
    for name in ("business_address", "business_phone"):
        op.drop_column("organisation", name)
