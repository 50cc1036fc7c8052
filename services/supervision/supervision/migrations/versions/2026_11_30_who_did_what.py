"""Who filed a complaint, who decided on a settlement and who went to see."""

import sqlalchemy as sa
from alembic import op

revision = "supervision_duties"
down_revision = "supervision_restores"
branch_labels = None
depends_on = None

_NEW = (("complaint", "filed_by"), ("settlement", "decided_by"), ("settlement", "verified_by"))


def upgrade() -> None:
    for table, column in _NEW:
        op.add_column(table, sa.Column(column, sa.String(), nullable=True))


def downgrade() -> None:
    for table, column in _NEW:
        op.drop_column(table, column)
