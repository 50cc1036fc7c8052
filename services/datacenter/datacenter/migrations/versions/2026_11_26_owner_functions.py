"""What needs the owner of the tables is done by functions of the owner, so that the service runs as
a role that may only read and write.
"""

from alembic import op

revision = "datacenter_owner"
down_revision = "datacenter_counts_know_given"
branch_labels = None
depends_on = None


def upgrade() -> None:
    # the bounds are the smallest UUIDv7 of the day, and of the day after it
    op.execute("""
create function make_archive_day(day int) returns void language plpgsql security definer \
set search_path = public, pg_temp as $$
begin
    execute format(
        'create table if not exists %I partition of archive for values from (%L) to (%L)',
        'archive_p' || to_char(date '1970-01-01' + day, 'YYYYMMDD'),
        (lpad(to_hex(day * 86400000::bigint), 12, '0') || repeat('0', 20))::uuid,
        (lpad(to_hex((day + 1) * 86400000::bigint), 12, '0') || repeat('0', 20))::uuid
    );
end $$""")
    op.execute("revoke execute on function make_archive_day(int) from public")
    op.execute("""
create function empty_generation(generation int) returns void language plpgsql security definer \
set search_path = public, pg_temp as $$
begin
    if generation = (select live from projection) then
        raise exception 'generation % is the one that is shown', generation;
    end if;
    execute format('truncate %I, %I', 'thing_p' || generation, 'count_p' || generation);
end $$""")
    op.execute("revoke execute on function empty_generation(int) from public")


def downgrade() -> None:
    op.execute("drop function empty_generation(int)")
    op.execute("drop function make_archive_day(int)")
