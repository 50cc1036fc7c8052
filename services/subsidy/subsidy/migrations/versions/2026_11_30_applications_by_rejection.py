"""A rejected application is found by its assessment."""

from alembic import op

from kit.db import migrations

revision = "subsidy_rejections"
down_revision = "subsidy_ends_know_why"
branch_labels = None
depends_on = None


def upgrade() -> None:
    migrations.add_index("application_rejected_id_ix", "application", "rejected_id")


def downgrade() -> None:
    op.drop_index("application_rejected_id_ix", table_name="application")
