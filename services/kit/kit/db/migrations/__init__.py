"""Migrations of all services: one environment, a folder of versions per package, applied once
however many start at a time.

A service's first revision calls `kit_tables()`; later revisions are written by
`python -m devservers.new_revision <package> "<message>"`, from the difference between a database at
head and the package's tables.
"""

import asyncio
import random
import threading
from collections.abc import Awaitable, Callable, Sequence
from importlib import import_module
from pathlib import Path
from typing import TypeVar

import asyncpg
from alembic import command, op
from alembic.config import Config
from alembic.operations.ops import MigrationScript
from alembic.script import ScriptDirectory
from sqlalchemy import BigInteger, Connection, Integer, MetaData, Table, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import create_async_engine
from sqlalchemy.pool import NullPool

from kit.contracts.modules import import_all
from kit.db import tables
from kit.db.connections import connect_options
from kit.db.driver import Driver

T = TypeVar("T")

LOCK = 0x5C8E3A  # advisory lock: one migrates, the others wait and find nothing to do
STOOD_IN_THE_WAY = frozenset(
    {"40P01", "55P03"}
)  # a deadlock, or a lock that did not come within lock_timeout; all was undone
TRIES, REST_S = 30, 1.0
LOOK_S = 0.2
HERE = Path(__file__).parent


class BehindTables(Exception):
    """The tables of a package differ from what its migrations make."""


_VERSIONED = """
select c.relname from pg_attribute a join pg_class c on c.oid = a.attrelid
where c.relnamespace = 'public'::regnamespace and c.relkind in ('r', 'p') and not c.relispartition
and a.attname = 'version' and a.atttypid in ('int4'::regtype, 'int8'::regtype) order by 1"""
_USABLE = "select indisvalid from pg_index where indexrelid = to_regclass(:name)"
_IS_PARTITIONED = "select relkind = 'p' from pg_class where oid = to_regclass(:name)"
_PARTITIONS = """
select relname from pg_inherits join pg_class on pg_class.oid = inhrelid
where inhparent = to_regclass(:name) order by 1"""
FIRST = ("outbox", "command", "due", "audit_record", "position", "inbox", "waiting", "parked")
RESTORES = ("sent", "epoch")


def kit_tables() -> None:
    """Makes the kit's first tables and the range type of ids; called by the first revision of each
    service.

    It makes them as they are at this release; a later change of theirs is a revision of its own in
    every service, and freezes this one.
    """
    op.execute("create type uuidrange as range (subtype = uuid)")
    tables.metadata("kit").create_all(op.get_bind(), _named(FIRST), checkfirst=False)


def no_kit_tables() -> None:
    """Undoes `kit_tables()`."""
    tables.metadata("kit").drop_all(op.get_bind(), _named(FIRST), checkfirst=False)
    op.execute("drop type uuidrange")


def restore_tables() -> None:
    """Makes what a service needs to be restored from a backup: how far its messages are sent, its
    epochs, versions that hold a sequence.
    """
    _versions_become(BigInteger())
    tables.metadata("kit").create_all(op.get_bind(), _named(RESTORES), checkfirst=False)


def no_restore_tables() -> None:
    """Undoes `restore_tables()`."""
    tables.metadata("kit").drop_all(op.get_bind(), _named(RESTORES), checkfirst=False)
    _versions_become(Integer())


def add_index(name: str, table: str, *columns: str, where: str = "") -> None:
    """Makes an index on a table that others write meanwhile. It is a revision of its own: what
    comes before it is committed. columns: names or expressions. where: of which rows; of all where
    it is empty.

    What is left of an attempt that was cut off is removed first; it would be there, and never used.
    """
    of = f"({', '.join(columns)})" + (f" where {where}" if where else "")
    with op.get_context().autocommit_block():
        if not op.get_bind().scalar(text(_IS_PARTITIONED), {"name": table}):
            _make_index(name, table, of)
            return
        # nothing makes it concurrently for all partitions; it is valid once each has its own
        op.execute(f'create index if not exists "{name}" on only "{table}" {of}')
        for partition in op.get_bind().scalars(text(_PARTITIONS), {"name": table}).all():
            own = f"{partition}_{name}"
            _make_index(own, partition, of)
            op.execute(f'alter index "{name}" attach partition "{own}"')


def _make_index(name: str, table: str, of: str) -> None:
    op.execute(
        "set lock_timeout = 0"
    )  # it waits for transactions that are under way, and stands in nobody's way meanwhile
    usable = op.get_bind().scalar(text(_USABLE), {"name": name})
    if usable is False:
        op.drop_index(name, table_name=table, postgresql_concurrently=True)
    if not usable:
        op.execute(f'create index concurrently "{name}" on "{table}" {of}')
    op.execute("reset lock_timeout")


def _versions_become(kind: Integer) -> None:
    for (name,) in op.get_bind().execute(text(_VERSIONED)).all():
        op.alter_column(name, "version", type_=kind)


def _named(names: Sequence[str]) -> list[Table]:
    return [tables.metadata("kit").tables[name] for name in names]


def head(package: str) -> str | None:
    """The newest revision of a package."""
    return ScriptDirectory.from_config(config(package)).get_current_head()


async def revision(dsn: str) -> str | None:
    """The revision a database is at; None for an empty one."""
    connection = await asyncpg.connect(dsn, **connect_options("migrations"))
    try:
        if await connection.fetchval("select to_regclass('alembic_version')") is None:
            return None
        found: str | None = await connection.fetchval("select version_num from alembic_version")
        return found
    finally:
        await connection.close()


def known(package: str) -> frozenset[str]:
    """Every revision of a package."""
    return frozenset(
        script.revision for script in ScriptDirectory.from_config(config(package)).walk_revisions()
    )


def is_newer(package: str, revision: str | None) -> bool:
    """Whether a database is at a revision of a later release, which this release runs on and does
    not know.
    """
    return bool(revision) and revision not in known(package)


def upgrade(dsn: str, package: str, to: str = "head") -> bool:
    """Brings a database to a package's newest revision; True if there was something to do. Blocks:
    from a loop, use a thread.

    A database that a later release has migrated is left as it is, so that the release before it can
    be deployed again.
    """
    return _blocking(
        lambda: _migrate(dsn, package, lambda settings: command.upgrade(settings, to), to)
    )


def downgrade(dsn: str, package: str, to: str = "base") -> bool:
    """Takes a database back. Blocks."""
    return _blocking(
        lambda: _migrate(dsn, package, lambda settings: command.downgrade(settings, to), None)
    )


def check(dsn: str, package: str) -> None:
    """Compares a database at head with the package's tables. Blocks.

    Raises: BehindTables with the differences.
    """
    _blocking(lambda: _migrate(dsn, package, _compared, None))


def write(dsn: str, package: str, message: str) -> None:
    """Writes the revision that leads from a database at head to the package's tables; none where
    they are equal. Blocks.
    """

    def wanted(_: object, __: object, directives: list[MigrationScript]) -> None:
        changes = directives[0].upgrade_ops
        if changes is not None and changes.is_empty():
            directives.clear()

    def written(settings: Config) -> None:
        command.revision(settings, message, autogenerate=True, process_revision_directives=wanted)

    _blocking(lambda: _migrate(dsn, package, written, None))


def config(package: str) -> Config:
    """Alembic's settings for one package."""
    settings = Config()
    home = "kit.db" if package == "kit" else package
    folder = Path(str(import_module(home).__file__)).parent / "migrations" / "versions"
    settings.set_main_option("script_location", str(HERE))
    settings.set_main_option("version_locations", str(folder))
    settings.set_main_option("path_separator", "newline")
    settings.set_main_option("file_template", "%%(year)d_%%(month).2d_%%(day).2d_%%(slug)s")
    settings.set_main_option("timezone", "UTC")
    settings.attributes["package"] = package
    return settings


def metadatas(package: str) -> list[MetaData]:
    """What a package's database should hold: the kit's tables and its own."""
    if package != "kit":
        import_all(package, "tables")
    return list(
        {id(found): found for found in (tables.metadata("kit"), tables.metadata(package))}.values()
    )


async def _migrate(dsn: str, package: str, act: Callable[[Config], object], to: str | None) -> bool:
    def done(found: str | None) -> bool:
        return (
            to == "head"
            and found is not None
            and (found == head(package) or is_newer(package, found))
        )

    if done(await revision(dsn)):
        return False

    unlimited = connect_options(
        "migrations", statement_timeout="0", idle_in_transaction_session_timeout="0"
    )

    async def connect() -> Driver:
        driver: Driver = await asyncpg.connect(dsn, **unlimited)
        return driver

    engine = create_async_engine("postgresql+asyncpg://", async_creator=connect, poolclass=NullPool)
    settings = config(package)

    def within(connection: Connection) -> None:
        settings.attributes["connection"] = connection
        act(settings)

    try:
        async with engine.connect() as guard:
            # neither in a transaction nor in a statement that waits: both keep a snapshot, for
            # whose end an index made beside them waits
            await guard.execution_options(isolation_level="AUTOCOMMIT")
            locked = text("select pg_try_advisory_lock(:key)")
            while not await guard.scalar(locked, {"key": LOCK}):  # noqa: ASYNC110
                await asyncio.sleep(LOOK_S)
            before = await revision(dsn)
            if done(before):  # somebody else's work, while we waited
                return False
            for left in reversed(range(TRIES)):
                try:
                    async with engine.connect() as connection:
                        await connection.run_sync(within)
                    break
                # those who use the tables come first: whoever waits for a lock holds up all
                # behind it
                except DBAPIError as error:
                    if getattr(error.orig, "sqlstate", None) not in STOOD_IN_THE_WAY or not left:
                        raise
                    await asyncio.sleep(random.uniform(0.5, 1.5) * REST_S)
            return before != await revision(dsn)
    finally:
        await engine.dispose()


def _compared(settings: Config) -> None:
    from alembic.util.exc import AutogenerateDiffsDetected

    try:
        command.check(settings)
    except AutogenerateDiffsDetected as found:
        raise BehindTables(str(found)) from found


def _blocking(work: Callable[[], Awaitable[T]]) -> T:
    """Runs a coroutine to its end, on a thread of its own where this one already runs a loop."""
    outcome: list[T] = []
    failure: list[BaseException] = []

    def alone() -> None:
        try:
            outcome.append(asyncio.run(_awaited(work)))
        except BaseException as error:  # noqa: BLE001 - raised again in the caller's thread
            failure.append(error)

    thread = threading.Thread(target=alone)
    thread.start()
    thread.join()
    if failure:
        raise failure[0]
    return outcome[0]


async def _awaited(work: Callable[[], Awaitable[T]]) -> T:
    return await work()
