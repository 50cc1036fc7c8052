"""What elders paid themselves of the prices of visits."""

import sqlalchemy as sa
from alembic import op

revision = "dispatch_receipts"
down_revision = "dispatch_back_entries"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "receipt",
        sa.Column("receipt_id", sa.Uuid(), nullable=False),
        sa.Column("order_id", sa.Uuid(), nullable=False),
        sa.Column("elder_id", sa.Uuid(), nullable=False),
        sa.Column("area_code", sa.String(), nullable=False),
        sa.Column("organisation_id", sa.Uuid(), nullable=False),
        sa.Column("worker_id", sa.Uuid(), nullable=False),
        sa.Column("item_code", sa.String(), nullable=False),
        sa.Column("price_fen", sa.BigInteger(), nullable=False),
        sa.Column("voucher_fen", sa.BigInteger(), nullable=False),
        sa.Column("own_fen", sa.BigInteger(), nullable=False),
        sa.Column("received_fen", sa.BigInteger(), nullable=False),
        sa.Column("outstanding_fen", sa.BigInteger(), nullable=False),
        sa.Column("method", sa.SmallInteger(), nullable=False),
        sa.Column("received_on", sa.Date(), nullable=False),
        sa.Column("recorded_by", sa.String(), nullable=False),
        sa.Column("receipted_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "received_fen > 0 and outstanding_fen >= 0",
            name=op.f("receipt_receives_something_ck"),
        ),
        sa.PrimaryKeyConstraint("receipt_id", name=op.f("receipt_pk")),
    )
    op.create_index("receipt_order_id_ix", "receipt", ["order_id"])
    for column, name in (
        ("area_code", "area"),
        ("organisation_id", "organisation"),
        ("elder_id", "elder"),
    ):
        op.create_index(f"receipt_{name}_ix", "receipt", [column, "receipt_id"])


def downgrade() -> None:
    op.drop_table("receipt")
