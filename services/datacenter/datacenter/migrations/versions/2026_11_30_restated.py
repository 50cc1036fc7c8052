"""what was told after a month had ended"""

import sqlalchemy as sa
from alembic import op

revision = "datacenter_restated"
down_revision = "datacenter_proof_runs"
branch_labels = None
depends_on = None

_EMPTY = """
create or replace function empty_generation(generation int) returns void language plpgsql \
security definer set search_path = public, pg_temp as $$
begin
    if generation = (select live from projection) then
        raise exception 'generation % is the one that is shown', generation;
    end if;
    execute format('truncate %I, %I', 'thing_p' || generation, 'count_p' || generation);
    {also}
end $$"""


def upgrade() -> None:
    op.create_table(
        "restated",
        sa.Column("generation", sa.SmallInteger(), nullable=False),
        sa.Column("area_code", sa.Text(), nullable=False),
        sa.Column("month", sa.Integer(), nullable=False),
        sa.Column("reported_on", sa.Date(), nullable=False),
        sa.Column("measure", sa.Text(), nullable=False),
        sa.Column("amount", sa.BigInteger(), nullable=False),
        sa.Column("facts", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint(
            "generation", "area_code", "month", "reported_on", "measure", name=op.f("restated_pk")
        ),
    )
    op.create_index("restated_reported_ix", "restated", ["generation", "reported_on"])
    also = "delete from restated where restated.generation = $1;"
    op.execute(_EMPTY.format(also=also))


def downgrade() -> None:
    op.execute(_EMPTY.format(also=""))
    op.drop_table("restated")
