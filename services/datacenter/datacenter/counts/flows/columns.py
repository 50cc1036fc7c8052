"""The columns of the counts: one for each measure that is declared, or that a figure names.

A new measure needs no migration: `eldercare migrate` adds its column behind the migrations, and the
service does so before its first batch where nobody did. The release before does not notice.
"""

from collections.abc import Sequence
from weakref import WeakSet

import asyncpg

from datacenter.counts.measures import COLUMNS
from kit.db.connections import connect_options

_MISSING = """
select name from unnest($1::text[]) as name where not exists (
    select from pg_attribute
    where attrelid = 'count'::regclass and attname = name and not attisdropped)
order by name"""

_complete: WeakSet[asyncpg.Connection] = WeakSet()


async def ensure_columns(driver: asyncpg.Connection, columns: Sequence[str] = COLUMNS) -> list[str]:
    """Adds the columns that are missing, as the owner of the table, which the service need not be.

    Returns those that were added. A connection that has found none missing asks no more.
    """
    if driver in _complete:
        return []
    missing = [row[0] for row in await driver.fetch(_MISSING, list(columns))]
    if missing:
        await driver.execute("select add_count_columns($1)", missing)
    else:
        _complete.add(driver)
    return missing


async def complete(dsn: str) -> list[str]:
    """The same for a database, by the one who migrates it."""
    connection = await asyncpg.connect(dsn, **connect_options("migrations"))
    try:
        return await ensure_columns(connection)
    finally:
        await connection.close()
