"""Complaints, follow-ups and verifications hold a settlement; refused ones are appealed against."""

import sqlalchemy as sa
from alembic import op

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

_SETTLEMENT = (
    "approved_at",
    "dissatisfied",
    "untrue",
    "appeal_until",
    "appealed_at",
    "appealed_by",
    "statement",
)


def upgrade() -> None:
    for name in ("approved_at", "appeal_until", "appealed_at"):
        op.add_column("settlement", sa.Column(name, sa.DateTime(timezone=True), nullable=True))
    for name in ("dissatisfied", "untrue"):
        op.add_column(
            "settlement", sa.Column(name, sa.Boolean(), nullable=False, server_default="false")
        )
    op.add_column("settlement", sa.Column("appealed_by", sa.String(), nullable=True))
    op.add_column(
        "settlement", sa.Column("statement", sa.String(), nullable=False, server_default="")
    )
    op.add_column(
        "visit_order",
        sa.Column("open_complaints", sa.Integer(), nullable=False, server_default="0"),
    )
    op.add_column(
        "visit_order",
        sa.Column("complaint_upheld", sa.Boolean(), nullable=False, server_default="false"),
    )
    op.execute(_COMPLAINED)


def downgrade() -> None:
    for column in ("complaint_upheld", "open_complaints"):
        op.drop_column("visit_order", column)
    for column in _SETTLEMENT:
        op.drop_column("settlement", column)
