"""Policies, entitlements, vouchers, the ledger and payments."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "subsidy_tables"
down_revision = "subsidy_kit"
branch_labels = None
depends_on = None


# entries that one statement writes must balance per document and area: whoever books half of a
# movement is refused
BALANCED = """create function ledger_entries_balance() returns trigger language plpgsql as $$
declare broken record;
begin
    select document, document_id, area_code, sum(debit_fen) as debit_fen, \
sum(credit_fen) as credit_fen into broken from booked
        group by document, document_id, area_code having sum(debit_fen) <> sum(credit_fen) limit 1;
    if found then
        raise exception 'ledger: % % debits % and credits % fen in %',
            broken.document, broken.document_id, broken.debit_fen, broken.credit_fen, \
broken.area_code using errcode = 'check_violation';
    end if;
    return null;
end $$"""
FINAL = """create function what_was_booked_stays() returns trigger language plpgsql as $$
begin
    raise exception '% is append-only: a correction is an entry of its own', tg_table_name \
using errcode = 'check_violation';
end $$"""


def upgrade() -> None:
    op.execute('create type coderange as range (subtype = text, collation = "C")')
    op.create_table(
        "elder_case",
        sa.Column("elder_id", sa.Uuid(), nullable=False),
        sa.Column("opened_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("elder_id", name=op.f("elder_case_pk")),
    )
    op.create_table(
        "debt",
        sa.Column("settlement_id", sa.Uuid(), nullable=False),
        sa.Column("order_id", sa.Uuid(), nullable=False),
        sa.Column("voucher_id", sa.Uuid(), nullable=False),
        sa.Column("organisation_id", sa.Uuid(), nullable=False),
        sa.Column("area_code", sa.String(), nullable=False),
        sa.Column("policy_code", sa.String(), nullable=False),
        sa.Column("month", sa.String(length=7), nullable=False),
        sa.Column("captured_fen", sa.BigInteger(), nullable=False),
        sa.Column("due_on", sa.Date(), nullable=False),
        sa.Column("payment_id", sa.Uuid(), nullable=True),
        sa.CheckConstraint("captured_fen > 0", name=op.f("debt_owes_something_ck")),
        sa.PrimaryKeyConstraint("settlement_id", name=op.f("debt_pk")),
        sa.UniqueConstraint("order_id", name=op.f("debt_order_id_uq")),
    )
    op.create_index(op.f("debt_payment_id_ix"), "debt", ["payment_id"], unique=False)
    op.create_index(
        "debt_unpaid_ix",
        "debt",
        ["organisation_id", "settlement_id"],
        unique=False,
        postgresql_where=sa.text("payment_id is null"),
    )
    op.create_table(
        "decision",
        sa.Column("entitlement_id", sa.Uuid(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("policy_code", sa.String(), nullable=False),
        sa.Column("policy_version", sa.Date(), nullable=False),
        sa.Column("facts", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("steps", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.PrimaryKeyConstraint("entitlement_id", "version", name=op.f("decision_pk")),
    )
    op.create_table(
        "elder",
        sa.Column("elder_id", sa.Uuid(), nullable=False),
        sa.Column("area_code", sa.String(), nullable=False),
        sa.Column("hardships", postgresql.ARRAY(sa.SmallInteger()), nullable=False),
        sa.Column("status", sa.SmallInteger(), nullable=False),
        sa.Column("died_on", sa.Date(), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("elder_id", name=op.f("elder_pk")),
    )
    op.create_table(
        "entitlement",
        sa.Column("entitlement_id", sa.Uuid(), nullable=False),
        sa.Column("elder_id", sa.Uuid(), nullable=False),
        sa.Column("area_code", sa.String(), nullable=False),
        sa.Column("policy_code", sa.String(), nullable=False),
        sa.Column("policy_version", sa.Date(), nullable=False),
        sa.Column("kind", sa.SmallInteger(), nullable=False),
        sa.Column("level", sa.SmallInteger(), nullable=True),
        sa.Column("monthly_fen", sa.BigInteger(), nullable=False),
        sa.Column("state", sa.SmallInteger(), nullable=False),
        sa.Column("valid_from", sa.Date(), nullable=False),
        sa.Column("valid_to", sa.Date(), nullable=True),
        sa.Column("cause", sa.SmallInteger(), nullable=True),
        sa.Column("opened_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        postgresql.ExcludeConstraint(
            (sa.text("uuidrange(elder_id, elder_id, '[]')"), "&&"),
            (sa.text("coderange(policy_code, policy_code, '[]')"), "&&"),
            (sa.text("daterange(valid_from, valid_to, '[)')"), "&&"),
            using="gist",
            name="entitlement_once_per_person_and_policy_ex",
        ),
        sa.CheckConstraint(
            "(state = 1) = (valid_to is null)", name=op.f("entitlement_open_has_no_end_ck")
        ),
        sa.CheckConstraint("monthly_fen > 0", name=op.f("entitlement_gives_something_ck")),
        sa.CheckConstraint(
            "valid_to is null or valid_to >= valid_from",
            name=op.f("entitlement_ends_after_it_begins_ck"),
        ),
        sa.PrimaryKeyConstraint("entitlement_id", name=op.f("entitlement_pk")),
    )
    op.create_index(
        "entitlement_area_code_ix", "entitlement", ["area_code", "entitlement_id"], unique=False
    )
    op.create_index(op.f("entitlement_elder_id_ix"), "entitlement", ["elder_id"], unique=False)
    op.create_index(
        "entitlement_open_ix",
        "entitlement",
        ["kind", "entitlement_id"],
        unique=False,
        postgresql_where=sa.text("state = 1"),
    )
    op.create_table(
        "hold",
        sa.Column("order_id", sa.Uuid(), nullable=False),
        sa.Column("elder_id", sa.Uuid(), nullable=False),
        sa.Column("voucher_id", sa.Uuid(), nullable=True),
        sa.Column("month", sa.String(length=7), nullable=False),
        sa.Column("held_fen", sa.BigInteger(), nullable=False),
        sa.Column("state", sa.SmallInteger(), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "held_fen >= 0 and (held_fen = 0 or voucher_id is not null)",
            name=op.f("hold_of_a_voucher_ck"),
        ),
        sa.PrimaryKeyConstraint("order_id", name=op.f("hold_pk")),
    )
    op.create_index(
        "hold_expires_at_ix",
        "hold",
        ["expires_at"],
        unique=False,
        postgresql_where=sa.text("state = 1"),
    )
    op.create_table(
        "ledger_entry",
        sa.Column("entry_id", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("account", sa.SmallInteger(), nullable=False),
        sa.Column("area_code", sa.String(), nullable=False),
        sa.Column("debit_fen", sa.BigInteger(), nullable=False),
        sa.Column("credit_fen", sa.BigInteger(), nullable=False),
        sa.Column("document", sa.String(), nullable=False),
        sa.Column("document_id", sa.Uuid(), nullable=False),
        sa.Column("booked_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "debit_fen >= 0 and credit_fen >= 0 and (debit_fen = 0) <> (credit_fen = 0)",
            name=op.f("ledger_entry_one_side_ck"),
        ),
        sa.PrimaryKeyConstraint("entry_id", name=op.f("ledger_entry_pk")),
    )
    op.create_index(
        "ledger_entry_area_code_ix",
        "ledger_entry",
        ["area_code", "account"],
        unique=False,
        postgresql_include=["debit_fen", "credit_fen"],
    )
    op.create_index("ledger_entry_document_ix", "ledger_entry", ["document_id"], unique=False)
    op.create_table(
        "organisation",
        sa.Column("organisation_id", sa.Uuid(), nullable=False),
        sa.Column("area_code", sa.String(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("organisation_id", name=op.f("organisation_pk")),
    )
    op.create_table(
        "payment",
        sa.Column("payment_id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.SmallInteger(), nullable=False),
        sa.Column("organisation_id", sa.Uuid(), nullable=True),
        sa.Column("elder_id", sa.Uuid(), nullable=True),
        sa.Column("entitlement_id", sa.Uuid(), nullable=True),
        sa.Column("area_code", sa.String(), nullable=False),
        sa.Column("policy_code", sa.String(), nullable=False),
        sa.Column("month", sa.String(length=7), nullable=False),
        sa.Column("paid_fen", sa.BigInteger(), nullable=False),
        sa.Column("settlements", sa.Integer(), nullable=False),
        sa.Column("due_on", sa.Date(), nullable=False),
        sa.Column("paid_on", sa.Date(), nullable=False),
        sa.Column("paid_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.CheckConstraint(
            "(kind = 1) = (organisation_id is not null) and (kind = 2) = (elder_id is not "
            "null and entitlement_id is not null)",
            name=op.f("payment_one_payee_ck"),
        ),
        sa.CheckConstraint("paid_fen > 0", name=op.f("payment_pays_something_ck")),
        sa.PrimaryKeyConstraint("payment_id", name=op.f("payment_pk")),
    )
    op.create_index("payment_area_code_ix", "payment", ["area_code", "payment_id"], unique=False)
    op.create_index(op.f("payment_elder_id_ix"), "payment", ["elder_id"], unique=False)
    op.create_index(
        "payment_once_a_month_ix",
        "payment",
        ["entitlement_id", "month"],
        unique=True,
        postgresql_where=sa.text("kind = 2"),
    )
    op.create_index(
        "payment_organisation_id_ix",
        "payment",
        ["organisation_id", "payment_id"],
        unique=False,
        postgresql_where=sa.text("kind = 1"),
    )
    op.create_table(
        "policy",
        sa.Column("policy_id", sa.Uuid(), nullable=False),
        sa.Column("policy_code", sa.String(), nullable=False),
        sa.Column("policy_version", sa.Date(), nullable=False),
        sa.Column("kind", sa.SmallInteger(), nullable=False),
        sa.Column("area_code", sa.String(), nullable=False),
        sa.Column("name_zh", sa.String(), nullable=False),
        sa.Column("name_en", sa.String(), nullable=False),
        sa.Column("monthly_cap_fen", sa.BigInteger(), nullable=False),
        sa.Column("home_share", sa.Float(), nullable=True),
        sa.Column("institution_share", sa.Float(), nullable=True),
        sa.Column("least_level", sa.SmallInteger(), nullable=True),
        sa.Column("source", sa.String(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("policy_id", name=op.f("policy_pk")),
    )
    op.create_index(op.f("policy_policy_code_ix"), "policy", ["policy_code"], unique=False)
    op.create_table(
        "recovery",
        sa.Column("recovery_id", sa.Uuid(), nullable=False),
        sa.Column("payment_id", sa.Uuid(), nullable=False),
        sa.Column("elder_id", sa.Uuid(), nullable=False),
        sa.Column("entitlement_id", sa.Uuid(), nullable=False),
        sa.Column("area_code", sa.String(), nullable=False),
        sa.Column("month", sa.String(length=7), nullable=False),
        sa.Column("claimed_fen", sa.BigInteger(), nullable=False),
        sa.Column("cause", sa.SmallInteger(), nullable=False),
        sa.Column("opened_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("recovery_id", name=op.f("recovery_pk")),
        sa.UniqueConstraint("payment_id", name=op.f("recovery_payment_id_uq")),
    )
    op.create_table(
        "result",
        sa.Column("assessment_id", sa.Uuid(), nullable=False),
        sa.Column("elder_id", sa.Uuid(), nullable=False),
        sa.Column("level", sa.SmallInteger(), nullable=False),
        sa.Column("valid_from", sa.Date(), nullable=False),
        sa.Column("valid_to", sa.Date(), nullable=False),
        sa.Column("approved_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("assessment_id", name=op.f("result_pk")),
    )
    op.create_index(op.f("result_elder_id_ix"), "result", ["elder_id"], unique=False)
    op.create_table(
        "run",
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("period", sa.String(), nullable=False),
        sa.Column("cursor", sa.Uuid(), nullable=True),
        sa.Column("done", sa.Integer(), nullable=False),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("finished_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("kind", "period", name=op.f("run_pk")),
    )
    op.create_table(
        "voucher",
        sa.Column("voucher_id", sa.Uuid(), nullable=False),
        sa.Column("entitlement_id", sa.Uuid(), nullable=False),
        sa.Column("elder_id", sa.Uuid(), nullable=False),
        sa.Column("area_code", sa.String(), nullable=False),
        sa.Column("policy_code", sa.String(), nullable=False),
        sa.Column("policy_version", sa.Date(), nullable=False),
        sa.Column("month", sa.String(length=7), nullable=False),
        sa.Column("issued_fen", sa.BigInteger(), nullable=False),
        sa.Column("reserved_fen", sa.BigInteger(), nullable=False),
        sa.Column("captured_fen", sa.BigInteger(), nullable=False),
        sa.Column("lapsed_fen", sa.BigInteger(), nullable=False),
        sa.Column("lapsed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.CheckConstraint(
            "issued_fen > 0 and reserved_fen >= 0 and captured_fen >= 0 and lapsed_fen >= 0"
            " and reserved_fen + captured_fen + lapsed_fen <= issued_fen",
            name=op.f("voucher_never_negative_ck"),
        ),
        sa.CheckConstraint(
            "lapsed_at is null or reserved_fen + captured_fen + lapsed_fen = issued_fen",
            name=op.f("voucher_nothing_free_after_lapse_ck"),
        ),
        sa.PrimaryKeyConstraint("voucher_id", name=op.f("voucher_pk")),
    )
    op.create_index("voucher_area_code_ix", "voucher", ["area_code", "voucher_id"], unique=False)
    op.create_index(op.f("voucher_entitlement_id_ix"), "voucher", ["entitlement_id"], unique=False)
    op.create_index(
        "voucher_month_ix",
        "voucher",
        ["month", "voucher_id"],
        unique=False,
        postgresql_where=sa.text("lapsed_at is null"),
    )
    op.create_index(
        "voucher_once_a_month_ix", "voucher", ["elder_id", "month", "policy_code"], unique=True
    )
    op.execute(BALANCED)
    op.execute(FINAL)
    op.execute(
        "create trigger ledger_entry_balances after insert on ledger_entry referencing new "
        "table as booked"
        " for each statement execute function ledger_entries_balance()"
    )
    op.execute(
        "create trigger ledger_entry_is_final before update or delete or truncate on ledger_entry"
        " for each statement execute function what_was_booked_stays()"
    )
    op.execute(
        "create trigger payment_is_final before delete or truncate or update of kind, "
        "organisation_id, elder_id, entitlement_id,"
        " month, paid_fen, settlements, due_on, paid_on on payment for each statement "
        "execute function what_was_booked_stays()"
    )


def downgrade() -> None:
    op.drop_index("voucher_once_a_month_ix", table_name="voucher")
    op.drop_index(
        "voucher_month_ix", table_name="voucher", postgresql_where=sa.text("lapsed_at is null")
    )
    op.drop_index(op.f("voucher_entitlement_id_ix"), table_name="voucher")
    op.drop_index("voucher_area_code_ix", table_name="voucher")
    op.drop_table("voucher")
    op.drop_table("run")
    op.drop_index(op.f("result_elder_id_ix"), table_name="result")
    op.drop_table("result")
    op.drop_table("recovery")
    op.drop_index(op.f("policy_policy_code_ix"), table_name="policy")
    op.drop_table("policy")
    op.drop_index(
        "payment_organisation_id_ix", table_name="payment", postgresql_where=sa.text("kind = 1")
    )
    op.drop_index(
        "payment_once_a_month_ix", table_name="payment", postgresql_where=sa.text("kind = 2")
    )
    op.drop_index(op.f("payment_elder_id_ix"), table_name="payment")
    op.drop_index("payment_area_code_ix", table_name="payment")
    op.drop_table("payment")
    op.drop_table("organisation")
    op.drop_index("ledger_entry_document_ix", table_name="ledger_entry")
    op.drop_index(
        "ledger_entry_area_code_ix",
        table_name="ledger_entry",
        postgresql_include=["debit_fen", "credit_fen"],
    )
    op.drop_table("ledger_entry")
    op.drop_index("hold_expires_at_ix", table_name="hold", postgresql_where=sa.text("state = 1"))
    op.drop_table("hold")
    op.drop_index(
        "entitlement_open_ix", table_name="entitlement", postgresql_where=sa.text("state = 1")
    )
    op.drop_index(op.f("entitlement_elder_id_ix"), table_name="entitlement")
    op.drop_index("entitlement_area_code_ix", table_name="entitlement")
    op.drop_table("entitlement")
    op.drop_table("elder")
    op.drop_table("decision")
    op.drop_index(
        "debt_unpaid_ix", table_name="debt", postgresql_where=sa.text("payment_id is null")
    )
    op.drop_index(op.f("debt_payment_id_ix"), table_name="debt")
    op.drop_table("debt")
    op.drop_table("elder_case")
    op.execute("drop function ledger_entries_balance()")
    op.execute("drop function what_was_booked_stays()")
    op.execute("drop type coderange")
