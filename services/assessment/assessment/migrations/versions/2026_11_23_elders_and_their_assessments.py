"""Elders, applications, assessments and imports."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "assessment_elders"
down_revision = "assessment_kit"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "application",
        sa.Column("application_id", sa.Uuid(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("elder_id", sa.Uuid(), nullable=False),
        sa.Column("area_code", sa.String(), nullable=False),
        sa.Column("reason", sa.SmallInteger(), nullable=False),
        sa.Column("channel", sa.SmallInteger(), nullable=False),
        sa.Column("state", sa.SmallInteger(), nullable=False),
        sa.Column("submitted_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("assessor_ids", postgresql.ARRAY(sa.UUID()), nullable=False),
        sa.Column("excluded_ids", postgresql.ARRAY(sa.UUID()), nullable=False),
        sa.PrimaryKeyConstraint("application_id", name=op.f("application_pk")),
    )
    op.create_index(
        "application_area_code_application_id_ix",
        "application",
        ["area_code", "application_id"],
        unique=False,
    )
    op.create_index(op.f("application_elder_id_ix"), "application", ["elder_id"], unique=False)
    op.create_index(
        "application_open_uq",
        "application",
        ["elder_id"],
        unique=True,
        postgresql_where=sa.text("state in (1, 2, 3)"),
    )
    op.create_table(
        "assessment",
        sa.Column("assessment_id", sa.Uuid(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("application_id", sa.Uuid(), nullable=False),
        sa.Column("elder_id", sa.Uuid(), nullable=False),
        sa.Column("area_code", sa.String(), nullable=False),
        sa.Column("scale", sa.String(), nullable=False),
        sa.Column("self_care_points", sa.SmallInteger(), nullable=False),
        sa.Column("motor_points", sa.SmallInteger(), nullable=False),
        sa.Column("mental_points", sa.SmallInteger(), nullable=False),
        sa.Column("social_points", sa.SmallInteger(), nullable=False),
        sa.Column("total_points", sa.SmallInteger(), nullable=False),
        sa.Column("preliminary_level", sa.SmallInteger(), nullable=False),
        sa.Column("level", sa.SmallInteger(), nullable=False),
        sa.Column("change_reasons", postgresql.ARRAY(sa.SmallInteger()), nullable=False),
        sa.Column("assessor_ids", postgresql.ARRAY(sa.UUID()), nullable=False),
        sa.Column("record_sealed", sa.LargeBinary(), nullable=False),
        sa.Column("state", sa.SmallInteger(), nullable=False),
        sa.Column("submitted_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("completed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("working_days", sa.Integer(), nullable=False),
        sa.Column("public_until", sa.DateTime(timezone=True), nullable=False),
        sa.Column("valid_from", sa.Date(), nullable=True),
        sa.Column("valid_to", sa.Date(), nullable=True),
        sa.CheckConstraint(
            "level between 0 and 4 and preliminary_level between 0 and 4",
            name=op.f("assessment_levels_ck"),
        ),
        sa.CheckConstraint(
            "total_points = self_care_points + motor_points + mental_points + social_points",
            name=op.f("assessment_total_ck"),
        ),
        sa.PrimaryKeyConstraint("assessment_id", name=op.f("assessment_pk")),
        sa.UniqueConstraint("application_id", name=op.f("assessment_application_id_uq")),
    )
    op.create_index(
        "assessment_area_code_assessment_id_ix",
        "assessment",
        ["area_code", "assessment_id"],
        unique=False,
    )
    op.create_index(op.f("assessment_elder_id_ix"), "assessment", ["elder_id"], unique=False)
    op.create_index(
        "assessment_in_force_uq",
        "assessment",
        ["elder_id"],
        unique=True,
        postgresql_where=sa.text("state = 2"),
    )
    op.create_table(
        "elder",
        sa.Column("elder_id", sa.Uuid(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("area_code", sa.String(), nullable=False),
        sa.Column("sex", sa.SmallInteger(), nullable=False),
        sa.Column("born_on", sa.Date(), nullable=False),
        sa.Column("living", sa.SmallInteger(), nullable=False),
        sa.Column("hardships", postgresql.ARRAY(sa.SmallInteger()), nullable=False),
        sa.Column("local_register", sa.Boolean(), nullable=False),
        sa.Column("complete", sa.Boolean(), nullable=False),
        sa.Column("status", sa.SmallInteger(), nullable=False),
        sa.Column("registered_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("died_on", sa.Date(), nullable=True),
        sa.Column("name_sealed", sa.LargeBinary(), nullable=False),
        sa.Column("name_digest", sa.LargeBinary(), nullable=False),
        sa.Column("name_characters", postgresql.ARRAY(sa.LargeBinary()), nullable=False),
        sa.Column("id_number_sealed", sa.LargeBinary(), nullable=False),
        sa.Column("id_number_digest", sa.LargeBinary(), nullable=False),
        sa.Column("phone_sealed", sa.LargeBinary(), nullable=True),
        sa.Column("phone_digest", sa.LargeBinary(), nullable=True),
        sa.Column("address_sealed", sa.LargeBinary(), nullable=True),
        sa.Column("contact_name_sealed", sa.LargeBinary(), nullable=True),
        sa.Column("contact_phone_sealed", sa.LargeBinary(), nullable=True),
        sa.Column("position_sealed", sa.LargeBinary(), nullable=True),
        sa.CheckConstraint(
            "(status = 2) = (died_on is not null)", name=op.f("elder_dead_has_a_day_ck")
        ),
        sa.PrimaryKeyConstraint("elder_id", name=op.f("elder_pk")),
        sa.UniqueConstraint("id_number_digest", name=op.f("elder_id_number_digest_uq")),
    )
    op.create_index("elder_area_code_elder_id_ix", "elder", ["area_code", "elder_id"], unique=False)
    op.create_index(
        "elder_name_characters_ix",
        "elder",
        ["name_characters"],
        unique=False,
        postgresql_using="gin",
    )
    op.create_index(op.f("elder_name_digest_ix"), "elder", ["name_digest"], unique=False)
    op.create_index(op.f("elder_phone_digest_ix"), "elder", ["phone_digest"], unique=False)
    op.create_table(
        "import",
        sa.Column("import_id", sa.Uuid(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("area_code", sa.String(), nullable=False),
        sa.Column("state", sa.SmallInteger(), nullable=False),
        sa.Column("columns", postgresql.ARRAY(sa.Text()), nullable=False),
        sa.Column("rows", sa.Integer(), nullable=False),
        sa.Column("done", sa.Integer(), nullable=False),
        sa.Column("registered", sa.Integer(), nullable=False),
        sa.Column("unchanged", sa.Integer(), nullable=False),
        sa.Column("failed", sa.Integer(), nullable=False),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("import_id", name=op.f("import_pk")),
    )
    op.create_table(
        "import_chunk",
        sa.Column("import_id", sa.Uuid(), nullable=False),
        sa.Column("first_line", sa.Integer(), nullable=False),
        sa.Column("rows_sealed", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("import_id", "first_line", name=op.f("import_chunk_pk")),
    )
    op.create_table(
        "import_failure",
        sa.Column("import_id", sa.Uuid(), nullable=False),
        sa.Column("line", sa.Integer(), nullable=False),
        sa.Column("errors", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("cells_sealed", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("import_id", "line", name=op.f("import_failure_pk")),
    )


def downgrade() -> None:
    op.drop_table("import_failure")
    op.drop_table("import_chunk")
    op.drop_table("import")
    op.drop_index(op.f("elder_phone_digest_ix"), table_name="elder")
    op.drop_index(op.f("elder_name_digest_ix"), table_name="elder")
    op.drop_index("elder_name_characters_ix", table_name="elder", postgresql_using="gin")
    op.drop_index("elder_area_code_elder_id_ix", table_name="elder")
    op.drop_table("elder")
    op.drop_index(
        "assessment_in_force_uq", table_name="assessment", postgresql_where=sa.text("state = 2")
    )
    op.drop_index(op.f("assessment_elder_id_ix"), table_name="assessment")
    op.drop_index("assessment_area_code_assessment_id_ix", table_name="assessment")
    op.drop_table("assessment")
    op.drop_index(
        "application_open_uq",
        table_name="application",
        postgresql_where=sa.text("state in (1, 2, 3)"),
    )
    op.drop_index(op.f("application_elder_id_ix"), table_name="application")
    op.drop_index("application_area_code_application_id_ix", table_name="application")
    op.drop_table("application")
