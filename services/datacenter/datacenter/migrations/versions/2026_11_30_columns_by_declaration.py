"""The counts have a column for each measure that is declared; a later one comes without a
revision.
"""

import sqlalchemy as sa
from alembic import op

from datacenter.counts.measures import COLUMNS

revision = "datacenter_declared_columns"
down_revision = "datacenter_counts_by_whose_rules"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("""
create function add_count_columns(names text[]) returns void language plpgsql security definer \
set search_path = public, pg_temp as $$
declare
    name text;
begin
    foreach name in array names loop
        if name !~ '^[a-z][a-z0-9_]{0,62}$' then
            raise exception '% is no name of a measure', name;
        end if;
        execute format('alter table count add column if not exists %I bigint', name);
    end loop;
end $$""")
    op.execute("revoke execute on function add_count_columns(text[]) from public")
    there = {column["name"] for column in sa.inspect(op.get_context().bind).get_columns("count")}
    for name in COLUMNS:
        if name not in there:
            op.add_column("count", sa.Column(name, sa.BigInteger(), nullable=True))


def downgrade() -> None:
    # the columns stay: the release before does not notice them
    op.execute("drop function add_count_columns(text[])")
