"""What is due follows from days: of hardships, residences, applications; arrears of months."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "subsidy_days"
down_revision = "subsidy_refused_applied_again"
branch_labels = None
depends_on = None
contract = "0.1"  # it writes nothing that a check refuses from now on, and names no constraint

# what months before the present one gave was decided without days, and stays
_DATED_SINCE = """
do $$ declare present text;
begin
    select max(period) into present from run where kind = 'voucher-issue';
    if present is null then
        alter table elder add column dated_since date;
    else
        execute format(
            'alter table elder add column dated_since date default %L', present || '-01');
        alter table elder alter column dated_since drop default;
    end if;
end $$"""
_PAYEE = """
(kind = 1) = (organisation_id is not null) and {cash} = (elder_id is not null and \
entitlement_id is not null)"""


def upgrade() -> None:
    op.add_column("elder", sa.Column("born_on", sa.Date(), nullable=True))
    for column in ("periods", "residences"):
        op.add_column(
            "elder",
            sa.Column(column, postgresql.JSONB(), nullable=False, server_default="[]"),
        )
    op.execute(_DATED_SINCE)
    op.create_table(
        "application",
        sa.Column("application_id", sa.Uuid(), nullable=False),
        sa.Column("elder_id", sa.Uuid(), nullable=True),
        sa.Column("submitted_on", sa.Date(), nullable=True),
        sa.Column("closed_on", sa.Date(), nullable=True),
        sa.PrimaryKeyConstraint("application_id", name=op.f("application_pk")),
    )
    op.create_index(op.f("application_elder_id_ix"), "application", ["elder_id"])
    op.add_column(
        "policy", sa.Column("period", sa.SmallInteger(), nullable=False, server_default="1")
    )
    op.add_column("policy", sa.Column("least_age", sa.SmallInteger(), nullable=True))
    _check("entitlement", "open_has_no_end", "(state in (1, 4)) = (valid_to is null)")
    _check("payment", "one_payee", _PAYEE.format(cash="(kind in (2, 3))").strip())
    op.drop_constraint("recovery_payment_id_uq", "recovery", type_="unique")
    op.create_index(op.f("recovery_payment_id_ix"), "recovery", ["payment_id"])
    op.add_column("voucher", sa.Column("usable_month", sa.String(length=7), nullable=True))


def downgrade() -> None:
    op.drop_column("voucher", "usable_month")
    op.drop_index(op.f("recovery_payment_id_ix"), table_name="recovery")
    op.create_unique_constraint("recovery_payment_id_uq", "recovery", ["payment_id"])
    _check("payment", "one_payee", _PAYEE.format(cash="(kind = 2)").strip())
    _check("entitlement", "open_has_no_end", "(state = 1) = (valid_to is null)")
    for column in ("least_age", "period"):
        op.drop_column("policy", column)
    op.drop_table("application")
    for column in ("dated_since", "residences", "periods", "born_on"):
        op.drop_column("elder", column)


def _check(table: str, name: str, condition: str) -> None:
    full = op.f(f"{table}_{name}_ck")
    op.drop_constraint(full, table, type_="check")
    op.create_check_constraint(full, table, condition)
