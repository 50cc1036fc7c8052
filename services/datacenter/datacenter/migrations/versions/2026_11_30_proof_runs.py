"""runs of proofs"""

import sqlalchemy as sa
from alembic import op

revision = "datacenter_proof_runs"
down_revision = "datacenter_declared_columns"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "proof_run",
        sa.Column("run_id", sa.Uuid(), primary_key=True),
        sa.Column("area_code", sa.Text(), nullable=False),
        sa.Column("month", sa.Integer(), nullable=False),
        sa.Column("state", sa.SmallInteger(), nullable=False),
        sa.Column("events", sa.BigInteger(), nullable=False),
        sa.Column("of_events", sa.BigInteger(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("proof_id", sa.Uuid(), sa.ForeignKey("proof.proof_id"), nullable=True),
        sa.Column("asked_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("beat_at", sa.DateTime(timezone=True), nullable=True),
    )
    op.create_index("proof_run_state_ix", "proof_run", ["state", "run_id"])


def downgrade() -> None:
    op.drop_table("proof_run")
