"""Organisations, facilities, beds, stays, workers, and what is kept of elders."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "facility_registers"
down_revision = "facility_kit"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "ability",
        sa.Column("elder_id", sa.Uuid(), nullable=False),
        sa.Column("level", sa.SmallInteger(), nullable=False),
        sa.Column("valid_from", sa.Date(), nullable=False),
        sa.Column("valid_to", sa.Date(), nullable=False),
        sa.PrimaryKeyConstraint("elder_id", name=op.f("ability_pk")),
    )
    op.create_table(
        "bed",
        sa.Column("bed_id", sa.Uuid(), nullable=False),
        sa.Column("facility_id", sa.Uuid(), nullable=False),
        sa.Column("organisation_id", sa.Uuid(), nullable=False),
        sa.Column("area_code", sa.String(), nullable=False),
        sa.Column("nursing", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("bed_id", name=op.f("bed_pk")),
    )
    op.create_index(op.f("bed_facility_id_ix"), "bed", ["facility_id"], unique=False)
    op.create_table(
        "elder",
        sa.Column("elder_id", sa.Uuid(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("area_code", sa.String(), nullable=False),
        sa.Column("status", sa.SmallInteger(), nullable=False),
        sa.Column("died_on", sa.Date(), nullable=True),
        sa.PrimaryKeyConstraint("elder_id", name=op.f("elder_pk")),
    )
    op.create_table(
        "facility",
        sa.Column("facility_id", sa.Uuid(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("organisation_id", sa.Uuid(), nullable=False),
        sa.Column("area_code", sa.String(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("tier", sa.SmallInteger(), nullable=False),
        sa.Column("operation", sa.SmallInteger(), nullable=False),
        sa.Column("beds", sa.Integer(), nullable=False),
        sa.Column("nursing_beds", sa.Integer(), nullable=False),
        sa.Column("status", sa.SmallInteger(), nullable=False),
        sa.Column("opened_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "nursing_beds between 0 and beds", name=op.f("facility_nursing_beds_ck")
        ),
        sa.PrimaryKeyConstraint("facility_id", name=op.f("facility_pk")),
    )
    op.create_index(
        "facility_area_code_facility_id_ix", "facility", ["area_code", "facility_id"], unique=False
    )
    op.create_index(
        op.f("facility_organisation_id_ix"), "facility", ["organisation_id"], unique=False
    )
    op.create_table(
        "organisation",
        sa.Column("organisation_id", sa.Uuid(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("credit_code", sa.String(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("kind", sa.SmallInteger(), nullable=False),
        sa.Column("area_code", sa.String(), nullable=False),
        sa.Column("home_services", sa.Boolean(), nullable=False),
        sa.Column("lon", sa.Float(), nullable=False),
        sa.Column("lat", sa.Float(), nullable=False),
        sa.Column("status", sa.SmallInteger(), nullable=False),
        sa.Column("registered_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("organisation_id", name=op.f("organisation_pk")),
        sa.UniqueConstraint("credit_code", name=op.f("organisation_credit_code_uq")),
    )
    op.create_index(
        "organisation_area_code_organisation_id_ix",
        "organisation",
        ["area_code", "organisation_id"],
        unique=False,
    )
    op.create_table(
        "stay",
        sa.Column("stay_id", sa.Uuid(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("facility_id", sa.Uuid(), nullable=False),
        sa.Column("organisation_id", sa.Uuid(), nullable=False),
        sa.Column("bed_id", sa.Uuid(), nullable=False),
        sa.Column("elder_id", sa.Uuid(), nullable=False),
        sa.Column("area_code", sa.String(), nullable=False),
        sa.Column("began_on", sa.Date(), nullable=False),
        sa.Column("ended_on", sa.Date(), nullable=True),
        sa.Column("admitted_at", sa.DateTime(timezone=True), nullable=False),
        postgresql.ExcludeConstraint(
            (sa.text("uuidrange(bed_id, bed_id, '[]')"), "&&"),
            (sa.text("daterange(began_on, ended_on)"), "&&"),
            using="gist",
            name="stay_bed_once",
        ),
        postgresql.ExcludeConstraint(
            (sa.text("uuidrange(elder_id, elder_id, '[]')"), "&&"),
            (sa.text("daterange(began_on, ended_on)"), "&&"),
            using="gist",
            name="stay_elder_once",
        ),
        sa.CheckConstraint("ended_on >= began_on", name=op.f("stay_days_ck")),
        sa.PrimaryKeyConstraint("stay_id", name=op.f("stay_pk")),
    )
    op.create_index("stay_area_code_stay_id_ix", "stay", ["area_code", "stay_id"], unique=False)
    op.create_index(op.f("stay_bed_id_ix"), "stay", ["bed_id"], unique=False)
    op.create_index(op.f("stay_elder_id_ix"), "stay", ["elder_id"], unique=False)
    op.create_index(op.f("stay_facility_id_ix"), "stay", ["facility_id"], unique=False)
    op.create_index(op.f("stay_organisation_id_ix"), "stay", ["organisation_id"], unique=False)
    op.create_table(
        "worker",
        sa.Column("worker_id", sa.Uuid(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("organisation_id", sa.Uuid(), nullable=False),
        sa.Column("area_code", sa.String(), nullable=False),
        sa.Column("skills", postgresql.ARRAY(sa.SmallInteger()), nullable=False),
        sa.Column("caregiver", sa.Boolean(), nullable=False),
        sa.Column("certified_until", sa.Date(), nullable=True),
        sa.Column("shift_from_min", sa.Integer(), nullable=False),
        sa.Column("shift_to_min", sa.Integer(), nullable=False),
        sa.Column("status", sa.SmallInteger(), nullable=False),
        sa.Column("registered_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("name_sealed", sa.LargeBinary(), nullable=False),
        sa.Column("id_number_sealed", sa.LargeBinary(), nullable=False),
        sa.Column("id_number_digest", sa.LargeBinary(), nullable=False),
        sa.Column("phone_sealed", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("worker_id", name=op.f("worker_pk")),
    )
    op.create_index(
        "worker_active_uq",
        "worker",
        ["organisation_id", "id_number_digest"],
        unique=True,
        postgresql_where=sa.text("status = 1"),
    )
    op.create_index(
        "worker_area_code_worker_id_ix", "worker", ["area_code", "worker_id"], unique=False
    )
    op.create_index(
        op.f("worker_id_number_digest_ix"), "worker", ["id_number_digest"], unique=False
    )
    op.create_index(op.f("worker_organisation_id_ix"), "worker", ["organisation_id"], unique=False)


def downgrade() -> None:
    op.drop_index(op.f("worker_organisation_id_ix"), table_name="worker")
    op.drop_index(op.f("worker_id_number_digest_ix"), table_name="worker")
    op.drop_index("worker_area_code_worker_id_ix", table_name="worker")
    op.drop_index("worker_active_uq", table_name="worker", postgresql_where=sa.text("status = 1"))
    op.drop_table("worker")
    op.drop_index(op.f("stay_organisation_id_ix"), table_name="stay")
    op.drop_index(op.f("stay_facility_id_ix"), table_name="stay")
    op.drop_index(op.f("stay_elder_id_ix"), table_name="stay")
    op.drop_index(op.f("stay_bed_id_ix"), table_name="stay")
    op.drop_index("stay_area_code_stay_id_ix", table_name="stay")
    op.drop_table("stay")
    op.drop_index("organisation_area_code_organisation_id_ix", table_name="organisation")
    op.drop_table("organisation")
    op.drop_index(op.f("facility_organisation_id_ix"), table_name="facility")
    op.drop_index("facility_area_code_facility_id_ix", table_name="facility")
    op.drop_table("facility")
    op.drop_table("elder")
    op.drop_index(op.f("bed_facility_id_ix"), table_name="bed")
    op.drop_table("bed")
    op.drop_table("ability")
