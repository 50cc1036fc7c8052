"""Every claim has a row, also one on what was paid for a visit, and what came back of it."""

import sqlalchemy as sa
from alembic import op

revision = "subsidy_claims_come_back"
down_revision = "subsidy_reported_deaths"
branch_labels = None
depends_on = None
contract = (
    "0.1"  # it writes nothing of the columns that are checked, and reads rows it does not know
)

OPEN = "2"  # RecoveryState
_VISITS = """
insert into recovery (
    recovery_id, payment_id, settlement_id, organisation_id, elder_id, entitlement_id, area_code,
    month, claimed_fen, cause, opened_at)
select debt.recovery_id, debt.payment_id, debt.settlement_id, debt.organisation_id,
    voucher.elder_id, voucher.entitlement_id, debt.area_code, debt.month, debt.captured_fen, 1,
    coalesce((
        select min(booked_at) from ledger_entry where document_id = debt.recovery_id
    ), now())
from debt join voucher using (voucher_id)
where debt.recovery_id is not null and debt.payment_id is not null
on conflict do nothing
"""


def upgrade() -> None:
    op.add_column("debt", sa.Column("held_at", sa.DateTime(timezone=True), nullable=True))
    for column in (
        sa.Column("settlement_id", sa.Uuid(), nullable=True),
        sa.Column("organisation_id", sa.Uuid(), nullable=True),
        sa.Column("repaid_fen", sa.BigInteger(), nullable=False, server_default="0"),
        sa.Column("waived_fen", sa.BigInteger(), nullable=False, server_default="0"),
        sa.Column("state", sa.SmallInteger(), nullable=False, server_default=OPEN),
        sa.Column("raised_by", sa.String(), nullable=True),
        sa.Column("reason", sa.String(), nullable=False, server_default=""),
        sa.Column("deferred_until", sa.Date(), nullable=True),
    ):
        op.add_column("recovery", column)
    op.create_check_constraint(
        op.f("recovery_never_too_much_ck"),
        "recovery",
        "repaid_fen >= 0 and waived_fen >= 0 and repaid_fen + waived_fen <= claimed_fen",
    )
    op.create_table(
        "repayment",
        sa.Column("repayment_id", sa.Uuid(), nullable=False),
        sa.Column("recovery_id", sa.Uuid(), nullable=False),
        sa.Column("repaid_fen", sa.BigInteger(), nullable=False),
        sa.Column("repaid_on", sa.Date(), nullable=False),
        sa.Column("reference", sa.String(), nullable=False),
        sa.Column("recorded_by", sa.String(), nullable=False),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("repaid_fen > 0", name=op.f("repayment_repays_something_ck")),
        sa.PrimaryKeyConstraint("repayment_id", name=op.f("repayment_pk")),
    )
    op.create_index("repayment_recovery_id_ix", "repayment", ["recovery_id"])
    op.execute(_VISITS)


def downgrade() -> None:
    op.drop_column("debt", "held_at")
    op.drop_table("repayment")
    op.execute("delete from recovery where settlement_id is not null")
    op.drop_constraint(op.f("recovery_never_too_much_ck"), "recovery", type_="check")
    for column in (
        "deferred_until",
        "reason",
        "raised_by",
        "state",
        "waived_fen",
        "repaid_fen",
        "organisation_id",
        "settlement_id",
    ):
        op.drop_column("recovery", column)
