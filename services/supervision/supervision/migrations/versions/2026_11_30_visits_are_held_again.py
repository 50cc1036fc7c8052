"""Complaints, follow-ups and verifications hold a settlement; refused ones are appealed against."""

import sqlalchemy as sa
from alembic import op

from kit.db import migrations

revision = "supervision_disputes"
down_revision = "supervision_duties"
branch_labels = None
depends_on = None

_COMPLAINED = """
update visit_order set open_complaints = found.count
from (
    select order_id, count(*) as count from complaint where not closed group by order_id
) as found
where visit_order.order_id = found.order_id
"""


_NEW: dict[str, tuple[sa.Column[object], ...]] = {
    "settlement": (
        sa.Column("approved_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("dissatisfied", sa.Boolean(), nullable=False, server_default=sa.false()),
        sa.Column("untrue", sa.Boolean(), nullable=False, server_default=sa.false()),
        sa.Column("appeal_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("appealed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("appealed_by", sa.String(), nullable=True),
        sa.Column("statement", sa.String(), nullable=False, server_default=""),
    ),
    "visit_order": (
        sa.Column("open_complaints", sa.Integer(), nullable=False, server_default="0"),
        sa.Column("complaint_upheld", sa.Boolean(), nullable=False, server_default=sa.false()),
    ),
}


def upgrade() -> None:
    for table, columns in _NEW.items():
        for column in columns:
            op.add_column(table, column)
    migrations.add_index("complaint_order_ix", "complaint", "order_id")
    op.execute(_COMPLAINED)


def downgrade() -> None:
    op.drop_index("complaint_order_ix", table_name="complaint")
    for table, columns in _NEW.items():
        for column in columns:
            op.drop_column(table, column.name)
