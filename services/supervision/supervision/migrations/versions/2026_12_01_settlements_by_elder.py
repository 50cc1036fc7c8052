"""The visits at an elder are found: two at once are a doubt."""

from alembic import op

from kit.db import migrations

revision = "supervision_settlements_by_elder"
down_revision = "supervision_back_entries"
branch_labels = None
depends_on = None


def upgrade() -> None:
    migrations.add_index("settlement_elder_ix", "settlement", "elder_id", "checked_in_at")


def downgrade() -> None:
    op.drop_index("settlement_elder_ix", table_name="settlement")
