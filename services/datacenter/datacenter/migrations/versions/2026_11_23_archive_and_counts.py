"""The archive, what is known of each thing, counts and proofs."""

import sqlalchemy as sa
from alembic import op

revision = "datacenter_counts"
down_revision = "datacenter_kit"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "archive",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("type", sa.Text(), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("thing", sa.Uuid(), nullable=True),
        sa.Column("sequence", sa.BigInteger(), nullable=False),
        sa.Column("area_code", sa.Text(), nullable=True),
        sa.Column("time", sa.DateTime(timezone=True), nullable=False),
        sa.Column("topic", sa.Text(), nullable=False),
        sa.Column("partition", sa.Integer(), nullable=False),
        sa.Column("offset", sa.BigInteger(), nullable=False),
        sa.Column("traceparent", sa.Text(), nullable=True),
        sa.Column("headers", sa.LargeBinary(), nullable=False),
        sa.Column("payload", sa.LargeBinary(), nullable=False),
        sa.Column("batch", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("archive_pk")),
        postgresql_partition_by="RANGE (id)",
    )
    op.create_index("archive_area_ix", "archive", ["area_code", "time"], unique=False)
    op.create_index("archive_batch_ix", "archive", ["batch"], unique=False, postgresql_using="brin")
    op.create_index("archive_thing_ix", "archive", ["thing"], unique=False)
    op.create_table(
        "count",
        sa.Column("generation", sa.SmallInteger(), nullable=False),
        sa.Column("area_code", sa.Text(), nullable=False),
        sa.Column("month", sa.Integer(), nullable=False),
        sa.Column("alive", sa.BigInteger(), nullable=True),
        sa.Column("alive_65", sa.BigInteger(), nullable=True),
        sa.Column("alive_80", sa.BigInteger(), nullable=True),
        sa.Column("alone", sa.BigInteger(), nullable=True),
        sa.Column("complete", sa.BigInteger(), nullable=True),
        sa.Column("special", sa.BigInteger(), nullable=True),
        sa.Column("basic", sa.BigInteger(), nullable=True),
        sa.Column("basic_assessed", sa.BigInteger(), nullable=True),
        sa.Column("assessed", sa.BigInteger(), nullable=True),
        sa.Column("assessed_65", sa.BigInteger(), nullable=True),
        sa.Column("dependent", sa.BigInteger(), nullable=True),
        sa.Column("care_eligible", sa.BigInteger(), nullable=True),
        sa.Column("care_given", sa.BigInteger(), nullable=True),
        sa.Column("facilities", sa.BigInteger(), nullable=True),
        sa.Column("town_facilities", sa.BigInteger(), nullable=True),
        sa.Column("beds", sa.BigInteger(), nullable=True),
        sa.Column("county_beds", sa.BigInteger(), nullable=True),
        sa.Column("county_nursing_beds", sa.BigInteger(), nullable=True),
        sa.Column("social_beds", sa.BigInteger(), nullable=True),
        sa.Column("stays", sa.BigInteger(), nullable=True),
        sa.Column("caregivers", sa.BigInteger(), nullable=True),
        sa.Column("certified", sa.BigInteger(), nullable=True),
        sa.Column("vouchered", sa.BigInteger(), nullable=True),
        sa.Column("results", sa.BigInteger(), nullable=True),
        sa.Column("results_in_time", sa.BigInteger(), nullable=True),
        sa.Column("results_appealed", sa.BigInteger(), nullable=True),
        sa.Column("results_paired", sa.BigInteger(), nullable=True),
        sa.Column("issued_fen", sa.BigInteger(), nullable=True),
        sa.Column("captured_fen", sa.BigInteger(), nullable=True),
        sa.Column("payments", sa.BigInteger(), nullable=True),
        sa.Column("payments_in_time", sa.BigInteger(), nullable=True),
        sa.Column("paid_cash_fen", sa.BigInteger(), nullable=True),
        sa.Column("claimed_fen", sa.BigInteger(), nullable=True),
        sa.Column("settled", sa.BigInteger(), nullable=True),
        sa.Column("verified", sa.BigInteger(), nullable=True),
        sa.Column("offers", sa.BigInteger(), nullable=True),
        sa.Column("offers_accepted", sa.BigInteger(), nullable=True),
        sa.Column("finished", sa.BigInteger(), nullable=True),
        sa.Column("finished_in_time", sa.BigInteger(), nullable=True),
        sa.Column("finished_followed_up", sa.BigInteger(), nullable=True),
        sa.Column("orders", sa.BigInteger(), nullable=True),
        sa.Column("orders_finished", sa.BigInteger(), nullable=True),
        sa.Column("answers", sa.BigInteger(), nullable=True),
        sa.Column("answers_satisfied", sa.BigInteger(), nullable=True),
        sa.Column("complaints", sa.BigInteger(), nullable=True),
        sa.Column("complaints_in_time", sa.BigInteger(), nullable=True),
        sa.Column("applications", sa.BigInteger(), nullable=True),
        sa.Column("applications_online", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("generation", "area_code", "month", name=op.f("count_pk")),
        postgresql_partition_by="LIST (generation)",
    )
    op.create_index(
        "count_presence_ix",
        "count",
        ["generation", "area_code", "month"],
        unique=False,
        postgresql_where=sa.text("facilities is not null or town_facilities is not null"),
    )
    op.create_table(
        "heard",
        sa.Column("topic", sa.Text(), nullable=False),
        sa.Column("month", sa.Integer(), nullable=False),
        sa.Column("newest", sa.DateTime(timezone=True), nullable=False),
        sa.Column("applied_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("topic", "month", name=op.f("heard_pk")),
    )
    op.create_table(
        "projection",
        sa.Column("one", sa.SmallInteger(), nullable=False),
        sa.Column("live", sa.SmallInteger(), nullable=False),
        sa.Column("batch", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("one", name=op.f("projection_pk")),
    )
    op.create_table(
        "proof",
        sa.Column("proof_id", sa.Uuid(), nullable=False),
        sa.Column("area_code", sa.Text(), nullable=False),
        sa.Column("month", sa.Integer(), nullable=False),
        sa.Column("figures", sa.Integer(), nullable=False),
        sa.Column("events", sa.BigInteger(), nullable=False),
        sa.Column("proved_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("proof_id", name=op.f("proof_pk")),
    )
    op.create_index("proof_month_ix", "proof", ["month", "proved_at"], unique=False)
    op.create_table(
        "thing",
        sa.Column("generation", sa.SmallInteger(), nullable=False),
        sa.Column("kind", sa.SmallInteger(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("known", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("generation", "kind", "id", name=op.f("thing_pk")),
        postgresql_partition_by="LIST (generation)",
    )
    op.create_table(
        "difference",
        sa.Column("proof_id", sa.Uuid(), nullable=False),
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("area_code", sa.Text(), nullable=False),
        sa.Column("shown_numerator", sa.BigInteger(), nullable=False),
        sa.Column("shown_denominator", sa.BigInteger(), nullable=False),
        sa.Column("recomputed_numerator", sa.BigInteger(), nullable=False),
        sa.Column("recomputed_denominator", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["proof_id"], ["proof.proof_id"], name=op.f("difference_proof_id_fk")
        ),
        sa.PrimaryKeyConstraint("proof_id", "code", "area_code", name=op.f("difference_pk")),
    )
    for generation in (1, 2):
        for table in ("thing", "count"):
            storage = (
                "with (fillfactor = 80)"  # most of their writes are updates that touch no index
            )
            op.execute(
                f"create table {table}_p{generation} partition of {table} for values in "
                f"({generation}) {storage}"
            )
    op.execute("insert into projection (one, live, batch) values (1, 1, 0)")


def downgrade() -> None:
    op.drop_table("difference")
    op.drop_table("thing")
    op.drop_index("proof_month_ix", table_name="proof")
    op.drop_table("proof")
    op.drop_table("projection")
    op.drop_table("heard")
    op.drop_index(
        "count_presence_ix",
        table_name="count",
        postgresql_where=sa.text("facilities is not null or town_facilities is not null"),
    )
    op.drop_table("count")
    op.drop_index("archive_thing_ix", table_name="archive")
    op.drop_index("archive_batch_ix", table_name="archive", postgresql_using="brin")
    op.drop_index("archive_area_ix", table_name="archive")
    op.drop_table("archive")
