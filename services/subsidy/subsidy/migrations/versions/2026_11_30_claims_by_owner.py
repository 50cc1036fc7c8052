"""Claims are listed by area, organisation and elder."""

from alembic import op

from kit.db import migrations

revision = "subsidy_claims_by_owner"
down_revision = "subsidy_claims_come_back"
branch_labels = None
depends_on = None

_OWNERS = ("area_code", "organisation_id", "elder_id")


def upgrade() -> None:
    for owner in _OWNERS:
        migrations.add_index(f"recovery_{owner}_ix", "recovery", owner, "recovery_id")


def downgrade() -> None:
    for owner in _OWNERS:
        op.drop_index(f"recovery_{owner}_ix", table_name="recovery")
