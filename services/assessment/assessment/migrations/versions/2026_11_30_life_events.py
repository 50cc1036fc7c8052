"""What happened to elders: who reported it, on which document, and what became of it."""

import sqlalchemy as sa
from alembic import op

revision = "assessment_life_events"
down_revision = "assessment_hardship_periods"
branch_labels = None
depends_on = None

_DAYS = ("reported_died_on", "moved_out_on", "effective_on")


def upgrade() -> None:
    for column in _DAYS:
        op.add_column("elder", sa.Column(column, sa.Date(), nullable=True))
    op.create_table(
        "life_event",
        sa.Column("life_event_id", sa.Uuid(), nullable=False),
        sa.Column("elder_id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.SmallInteger(), nullable=False),
        sa.Column("state", sa.SmallInteger(), nullable=False),
        sa.Column("happened_on", sa.Date(), nullable=False),
        sa.Column("reported_by", sa.String(), nullable=False),
        sa.Column("reported_as", sa.String(), nullable=False),
        sa.Column("reported_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("document_kind", sa.SmallInteger(), nullable=True),
        sa.Column("document_number_sealed", sa.LargeBinary(), nullable=True),
        sa.Column("decided_by", sa.String(), nullable=True),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("grounds_sealed", sa.LargeBinary(), nullable=True),
        sa.Column("correction_document_kind", sa.SmallInteger(), nullable=True),
        sa.Column("correction_document_number_sealed", sa.LargeBinary(), nullable=True),
        sa.Column("replaces", sa.Uuid(), nullable=True),
        sa.Column("application_id", sa.Uuid(), nullable=True),
        sa.Column("former_id_number_sealed", sa.LargeBinary(), nullable=True),
        sa.PrimaryKeyConstraint("life_event_id", name=op.f("life_event_pk")),
    )
    op.create_index(op.f("life_event_elder_id_ix"), "life_event", ["elder_id"], unique=False)
    op.create_index(
        "life_event_undecided_uq",
        "life_event",
        ["elder_id", "kind"],
        unique=True,
        postgresql_where=sa.text("state = 1"),
    )
    op.create_index(
        "life_event_in_force_uq",
        "life_event",
        ["elder_id", "kind"],
        unique=True,
        postgresql_where=sa.text("state = 2 and kind <> 3"),
    )
    # a death and a move that are known have an entry, so that they can be corrected
    op.execute(
        """
        insert into life_event (life_event_id, elder_id, kind, state, happened_on, reported_by,
            reported_as, reported_at)
        select gen_random_uuid(), elder_id, 1, 2, died_on, '', 'official', now()
        from elder where status = 2
        """
    )


def downgrade() -> None:
    op.drop_table("life_event")
    for column in _DAYS:
        op.drop_column("elder", column)
