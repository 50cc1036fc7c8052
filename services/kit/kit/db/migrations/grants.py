"""What a role may do that runs a service and does not own its tables: read and write rows, and
nothing to the schema.
"""

from collections.abc import Sequence

import asyncpg

from kit.db.connections import connect_options
from kit.db.migrations import LOCK

# variable: name of that role, or several, joined by commas; SERVICE in it stands for the service's
# name
RUNTIME_ROLE = "RUNTIME_ROLE"

# the tables that are there, those that later migrations and the owner's functions make, and nothing
# of the revision but to read it
_GRANTS = (
    "grant connect, temporary on database {database} to {role}",
    "grant usage on schema public to {role}",
    "grant select, insert, update, delete on all tables in schema public to {role}",
    "grant usage, select, update on all sequences in schema public to {role}",
    "grant execute on all functions in schema public to {role}",
    "alter default privileges in schema public grant select, insert, update, delete on "
    "tables to {role}",
    "alter default privileges in schema public grant usage, select, update on sequences to {role}",
    "alter default privileges in schema public grant execute on functions to {role}",
    "revoke insert, update, delete on alembic_version from {role}",
)


def named(roles: str, service: str) -> list[str]:
    """The roles of a service.

    >>> named("SERVICE_app, reports", "subsidy"), named("", "subsidy")
    (['subsidy_app', 'reports'], [])
    """
    return [role.strip().replace("SERVICE", service) for role in roles.split(",") if role.strip()]


async def grant(dsn: str, roles: Sequence[str]) -> None:
    """Gives these roles what a service needs, in a database that is migrated; dsn is the owner's.
    Repeatable.

    The owner itself needs nothing, and is left out. Raises: asyncpg.PostgresError, also where there
    is no such role.
    """
    connection = await asyncpg.connect(
        dsn, **connect_options("migrations", lock_timeout="0", statement_timeout="0")
    )
    try:
        await connection.execute(
            "select pg_advisory_lock($1)", LOCK
        )  # two who grant at once would write the same row
        database, owner = await connection.fetchrow(
            "select current_database()::text, current_user::text"
        )
        for role in roles:
            for statement in _GRANTS if role != owner else ():
                await connection.execute(
                    statement.format(database=_quoted(database), role=_quoted(role))
                )
    finally:
        await connection.close()


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'
