"""the newest events of a type are found without those of others"""

from alembic import op

from kit.db import migrations

revision = "datacenter_archive_by_type"
down_revision = "datacenter_restated"
branch_labels = None
depends_on = None


def upgrade() -> None:
    migrations.add_index("archive_type_ix", "archive", "type", "time", "id")


def downgrade() -> None:
    op.drop_index("archive_type_ix", table_name="archive")
