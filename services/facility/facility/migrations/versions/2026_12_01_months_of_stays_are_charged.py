"""Facilities declare fees, and the months of stays are charged."""

import sqlalchemy as sa
from alembic import op

revision = "facility_stay_charges"
down_revision = "facility_changes"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "stay_fee",
        sa.Column("facility_id", sa.Uuid(), nullable=False),
        sa.Column("valid_from", sa.Date(), nullable=False),
        sa.Column("organisation_id", sa.Uuid(), nullable=False),
        sa.Column("area_code", sa.String(), nullable=False),
        sa.Column("monthly_fen", sa.BigInteger(), nullable=False),
        sa.Column("declared_by", sa.String(), nullable=False),
        sa.Column("declared_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("monthly_fen > 0", name=op.f("stay_fee_asks_something_ck")),
        sa.PrimaryKeyConstraint("facility_id", "valid_from", name=op.f("stay_fee_pk")),
    )
    op.create_table(
        "stay_charge",
        sa.Column("charge_id", sa.Uuid(), nullable=False),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.Column("stay_id", sa.Uuid(), nullable=False),
        sa.Column("facility_id", sa.Uuid(), nullable=False),
        sa.Column("organisation_id", sa.Uuid(), nullable=False),
        sa.Column("elder_id", sa.Uuid(), nullable=False),
        sa.Column("area_code", sa.String(), nullable=False),
        sa.Column("month", sa.String(length=7), nullable=False),
        sa.Column("days", sa.Integer(), nullable=False),
        sa.Column("last_on", sa.Date(), nullable=True),
        sa.Column("price_fen", sa.BigInteger(), nullable=False),
        sa.Column("state", sa.SmallInteger(), nullable=False),
        sa.Column("reason", sa.String(), nullable=False),
        sa.Column("decided_by", sa.String(), nullable=True),
        sa.Column("voucher_fen", sa.BigInteger(), nullable=True),
        sa.Column("received_fen", sa.BigInteger(), nullable=False),
        sa.Column("charged_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "price_fen >= 0 and days >= 0 and received_fen >= 0",
            name=op.f("stay_charge_not_negative_ck"),
        ),
        sa.PrimaryKeyConstraint("charge_id", name=op.f("stay_charge_pk")),
        sa.UniqueConstraint("stay_id", "month", name="stay_charge_once_a_month"),
    )
    for column in ("area_code", "organisation_id", "elder_id"):
        op.create_index(f"stay_charge_{column}_ix", "stay_charge", [column, "charge_id"])
    op.create_table(
        "share_receipt",
        sa.Column("receipt_id", sa.Uuid(), nullable=False),
        sa.Column("charge_id", sa.Uuid(), nullable=False),
        sa.Column("received_fen", sa.BigInteger(), nullable=False),
        sa.Column("received_on", sa.Date(), nullable=False),
        sa.Column("recorded_by", sa.String(), nullable=False),
        sa.Column("receipted_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("received_fen > 0", name=op.f("share_receipt_receives_something_ck")),
        sa.PrimaryKeyConstraint("receipt_id", name=op.f("share_receipt_pk")),
    )
    op.create_index(op.f("share_receipt_charge_id_ix"), "share_receipt", ["charge_id"])


def downgrade() -> None:
    op.drop_table("share_receipt")
    op.drop_table("stay_charge")
    op.drop_table("stay_fee")
