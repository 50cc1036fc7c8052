"""What dispatch stores of its own."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "dispatch_first"
down_revision = "dispatch_kit"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "declined",
        sa.Column("order_id", sa.Uuid(), nullable=False),
        sa.Column("worker_id", sa.Uuid(), nullable=False),
        sa.Column("declined_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("order_id", "worker_id", name=op.f("declined_pk")),
    )
    op.create_table(
        "elder",
        sa.Column("elder_id", sa.Uuid(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("area_code", sa.String(), nullable=False),
        sa.Column("living", sa.SmallInteger(), nullable=False),
        sa.Column("status", sa.SmallInteger(), nullable=False),
        sa.PrimaryKeyConstraint("elder_id", name=op.f("elder_pk")),
    )
    op.create_table(
        "organisation",
        sa.Column("organisation_id", sa.Uuid(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("area_code", sa.String(), nullable=False),
        sa.Column("home_services", sa.Boolean(), nullable=False),
        sa.Column("lon", sa.Float(), nullable=False),
        sa.Column("lat", sa.Float(), nullable=False),
        sa.Column("status", sa.SmallInteger(), nullable=False),
        sa.PrimaryKeyConstraint("organisation_id", name=op.f("organisation_pk")),
    )
    op.create_table(
        "visit_order",
        sa.Column("order_id", sa.Uuid(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("digest", sa.LargeBinary(), nullable=False),
        sa.Column("elder_id", sa.Uuid(), nullable=False),
        sa.Column("area_code", sa.String(), nullable=False),
        sa.Column("organisation_id", sa.Uuid(), nullable=True),
        sa.Column("worker_id", sa.Uuid(), nullable=True),
        sa.Column("item_code", sa.String(), nullable=False),
        sa.Column("help", sa.SmallInteger(), nullable=False),
        sa.Column("state", sa.SmallInteger(), nullable=False),
        sa.Column("planned_min", sa.Integer(), nullable=False),
        sa.Column("price_fen", sa.BigInteger(), nullable=False),
        sa.Column("voucher_fen", sa.BigInteger(), nullable=False),
        sa.Column("wanted_from", sa.DateTime(timezone=True), nullable=False),
        sa.Column("wanted_to", sa.DateTime(timezone=True), nullable=False),
        sa.Column("planned_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("placed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("channel", sa.SmallInteger(), nullable=False),
        sa.Column("attempt", sa.Integer(), nullable=False),
        sa.Column("followed_up", sa.Boolean(), nullable=False),
        sa.Column("institution", sa.Boolean(), nullable=False),
        sa.Column("voucher", sa.Boolean(), nullable=False),
        sa.Column("contact", sa.LargeBinary(), nullable=True),
        sa.Column("home", sa.LargeBinary(), nullable=True),
        sa.Column("checked_in_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("checked_out_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("check_in_m", sa.Integer(), nullable=True),
        sa.Column("in_place", sa.LargeBinary(), nullable=True),
        sa.Column("out_place", sa.LargeBinary(), nullable=True),
        sa.CheckConstraint(
            "(state in (1, 2)) = (worker_id is null) or state = 7",
            name=op.f("visit_order_worker_ck"),
        ),
        sa.CheckConstraint(
            "0 <= voucher_fen and voucher_fen <= price_fen", name=op.f("visit_order_voucher_ck")
        ),
        sa.CheckConstraint("wanted_from < wanted_to", name=op.f("visit_order_window_ck")),
        sa.PrimaryKeyConstraint("order_id", name=op.f("visit_order_pk")),
    )
    op.create_index("visit_order_area_ix", "visit_order", ["area_code", "order_id"], unique=False)
    op.create_index("visit_order_day_ix", "visit_order", ["worker_id", "planned_at"], unique=False)
    op.create_index("visit_order_elder_ix", "visit_order", ["elder_id", "order_id"], unique=False)
    op.create_index(
        "visit_order_left_ix", "visit_order", ["worker_id", "checked_out_at"], unique=False
    )
    op.create_index(
        "visit_order_open_ix",
        "visit_order",
        ["wanted_from", "area_code"],
        unique=False,
        postgresql_where=sa.text("state = 2"),
    )
    op.create_index(
        "visit_order_organisation_ix", "visit_order", ["organisation_id", "order_id"], unique=False
    )
    op.create_index(
        "visit_order_reserving_ix",
        "visit_order",
        ["placed_at"],
        unique=False,
        postgresql_where=sa.text("state = 1"),
    )
    op.create_table(
        "worker",
        sa.Column("worker_id", sa.Uuid(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("organisation_id", sa.Uuid(), nullable=False),
        sa.Column("area_code", sa.String(), nullable=False),
        sa.Column("skills", postgresql.ARRAY(sa.SmallInteger()), nullable=False),
        sa.Column("shift_from_min", sa.Integer(), nullable=False),
        sa.Column("shift_to_min", sa.Integer(), nullable=False),
        sa.Column("status", sa.SmallInteger(), nullable=False),
        sa.PrimaryKeyConstraint("worker_id", name=op.f("worker_pk")),
    )
    op.create_index("worker_area_ix", "worker", ["area_code"], unique=False)


def downgrade() -> None:
    op.drop_index("worker_area_ix", table_name="worker")
    op.drop_table("worker")
    op.drop_index(
        "visit_order_reserving_ix", table_name="visit_order", postgresql_where=sa.text("state = 1")
    )
    op.drop_index("visit_order_organisation_ix", table_name="visit_order")
    op.drop_index(
        "visit_order_open_ix", table_name="visit_order", postgresql_where=sa.text("state = 2")
    )
    op.drop_index("visit_order_left_ix", table_name="visit_order")
    op.drop_index("visit_order_elder_ix", table_name="visit_order")
    op.drop_index("visit_order_day_ix", table_name="visit_order")
    op.drop_index("visit_order_area_ix", table_name="visit_order")
    op.drop_table("visit_order")
    op.drop_table("organisation")
    op.drop_table("elder")
    op.drop_table("declined")
