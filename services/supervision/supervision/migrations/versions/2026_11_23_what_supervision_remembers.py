"""What supervision stores of its own."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "supervision_first"
down_revision = "supervision_kit"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "complaint",
        sa.Column("complaint_id", sa.Uuid(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("order_id", sa.Uuid(), nullable=False),
        sa.Column("elder_id", sa.Uuid(), nullable=False),
        sa.Column("organisation_id", sa.Uuid(), nullable=False),
        sa.Column("area_code", sa.String(), nullable=False),
        sa.Column("channel", sa.SmallInteger(), nullable=False),
        sa.Column("closed", sa.Boolean(), nullable=False),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("filed_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("complaint_id", name=op.f("complaint_pk")),
    )
    op.create_index("complaint_area_ix", "complaint", ["area_code", "complaint_id"], unique=False)
    op.create_index("complaint_elder_ix", "complaint", ["elder_id", "complaint_id"], unique=False)
    op.create_index(
        "complaint_organisation_ix", "complaint", ["organisation_id", "complaint_id"], unique=False
    )
    op.create_table(
        "settlement",
        sa.Column("settlement_id", sa.Uuid(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("order_id", sa.Uuid(), nullable=False),
        sa.Column("elder_id", sa.Uuid(), nullable=False),
        sa.Column("organisation_id", sa.Uuid(), nullable=False),
        sa.Column("worker_id", sa.Uuid(), nullable=False),
        sa.Column("area_code", sa.String(), nullable=False),
        sa.Column("state", sa.SmallInteger(), nullable=False),
        sa.Column("doubts", postgresql.ARRAY(sa.SmallInteger()), nullable=False),
        sa.Column("price_fen", sa.BigInteger(), nullable=False),
        sa.Column("voucher_fen", sa.BigInteger(), nullable=False),
        sa.Column("verified", sa.Boolean(), nullable=False),
        sa.Column("judged_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("checked_in_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("checked_out_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("settlement_id", name=op.f("settlement_pk")),
        sa.UniqueConstraint("order_id", name=op.f("settlement_order_id_uq")),
    )
    op.create_index(
        "settlement_area_ix", "settlement", ["area_code", "settlement_id"], unique=False
    )
    op.create_index(
        "settlement_organisation_ix",
        "settlement",
        ["organisation_id", "settlement_id"],
        unique=False,
    )
    op.create_index(
        "settlement_worker_ix", "settlement", ["worker_id", "checked_in_at"], unique=False
    )
    op.create_table(
        "visit_order",
        sa.Column("order_id", sa.Uuid(), nullable=False),
        sa.Column("elder_id", sa.Uuid(), nullable=False),
        sa.Column("area_code", sa.String(), nullable=False),
        sa.Column("organisation_id", sa.Uuid(), nullable=True),
        sa.PrimaryKeyConstraint("order_id", name=op.f("visit_order_pk")),
    )
    op.create_table(
        "worker",
        sa.Column("worker_id", sa.Uuid(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("organisation_id", sa.Uuid(), nullable=False),
        sa.PrimaryKeyConstraint("worker_id", name=op.f("worker_pk")),
    )


def downgrade() -> None:
    op.drop_table("worker")
    op.drop_table("visit_order")
    op.drop_index("settlement_worker_ix", table_name="settlement")
    op.drop_index("settlement_organisation_ix", table_name="settlement")
    op.drop_index("settlement_area_ix", table_name="settlement")
    op.drop_table("settlement")
    op.drop_index("complaint_organisation_ix", table_name="complaint")
    op.drop_index("complaint_elder_ix", table_name="complaint")
    op.drop_index("complaint_area_ix", table_name="complaint")
    op.drop_table("complaint")
