"""One transaction: the only place that begins and commits, and what has been collected is written
just before the commit.

    async with store.transaction() as session:      # edge: rpc, consumer, timer
        order = await session.get_locked(Order, order_id, call.caller)
        order.state = State.PLACED
        outbox.emit(session, OrderPlaced(...), order)

At the end: flush of the ORM (so versions are bumped under their row locks), then one statement for
messages, timers and the command's answer, then the commit. The connection is used directly for
`begin` and `commit`; SQLAlchemy sees a connection without transactions of its own, so
`session.commit()` and `session.rollback()` have no effect on what is written.

A flow that must be fast takes `await session.driver()` (asyncpg's connection, in the same
transaction): see `kit.rpc.idempotency`.
"""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import datetime
from typing import Any, Protocol, TypeAlias, TypeVar

import asyncpg
from sqlalchemy import exc
from sqlalchemy.ext.asyncio import AsyncConnection
from sqlalchemy.orm import util as orm
from sqlmodel import SQLModel
from sqlmodel.ext.asyncio.session import AsyncSession

from kit.contracts.clock import Clock
from kit.contracts.refusals import NotFound, Unavailable
from kit.db import final_write
from kit.db.connections import WAIT_S, Connections
from kit.db.connections import connect_options as connect_options
from kit.db.loading import alone, locked
from kit.db.raw_session import RawSession
from kit.security import access

Row = TypeVar("Row", bound=SQLModel)
Driver: TypeAlias = Any  # asyncpg.Connection; the library has no types

_LOST = (
    asyncpg.PostgresConnectionError,
    asyncpg.AdminShutdownError,
    asyncpg.CrashShutdownError,
    asyncpg.CannotConnectNowError,
    asyncpg.TooManyConnectionsError,
    asyncpg.IdleInTransactionSessionTimeoutError,
    # a killed server's last words came between two statements, and the end of the connection has
    # not yet
    asyncpg.InternalClientError,
)
_LOST_IF_CLOSED = (asyncpg.InterfaceError, OSError, TimeoutError)
_CONTENDED = (
    asyncpg.DeadlockDetectedError,
    asyncpg.SerializationError,
    asyncpg.LockNotAvailableError,
    # the schema has changed under a statement that was prepared before; the next try prepares it
    # anew
    asyncpg.InvalidCachedStatementError,
)


class Cipher(Protocol):
    """Makes text unreadable at rest; kit.db.personal.Ring is one."""

    def seal(self, text: str, kind: str = "") -> bytes: ...
    def open(self, value: bytes, kind: str = "") -> str: ...


class Contended(Unavailable):
    """Two transactions stood in each other's way and this one gave in; the same work may pass at
    once.
    """


class Session(AsyncSession):
    """A transaction in progress.

    now: business instant, frozen at its beginning. messages, timers: what its end will write.
    """

    def __init__(self, bind: AsyncConnection, store: "Store", driver: Driver) -> None:
        super().__init__(bind, expire_on_commit=False, autoflush=True)
        self.store = store
        self.now: datetime = store.clock.now()
        self.messages: list[final_write.OutboxMessage] = []
        self.timers: dict[tuple[str, str], datetime | None] = {}
        self.answer: final_write.Answer | None = None
        self.committed: list[Callable[[], None]] = []
        self.absent: dict[
            Any, SQLModel | None
        ] = {}  # identities known to have no row yet, with what was added for them since
        self._driver = driver
        self._held: set[Any] = set()

    async def driver(self) -> Driver:
        """asyncpg's connection inside this transaction; pending ORM changes are flushed first, so
        it sees them.
        """
        if self.new or self.dirty or self.deleted:
            await self.flush()
        return self._driver

    async def get(self, entity: Any, ident: Any, **options: Any) -> Any:
        """The row by its key, or None; free where a reader has loaded it before, or has seen that
        there is none.
        """
        if self.absent and not options.keys() - {"with_for_update", "populate_existing"}:
            identity = orm.identity_key(entity, ident)
            if identity in self.absent:
                row = self.absent[identity]
                return None if row in self.deleted else row
        return await super().get(entity, ident, **options)

    def add(self, instance: object, *, _warn: bool = True) -> None:
        """Remembers a row that is written at the next flush."""
        super().add(instance, _warn=_warn)
        if self.absent and isinstance(instance, SQLModel):
            identity = orm.identity_key(instance=instance)
            if identity in self.absent:
                self.absent[identity] = instance

    @asynccontextmanager
    async def savepoint(self) -> AsyncIterator[None]:
        """Undoes what the block did if it raises: rows, objects, messages, timers; the transaction
        can go on.

        All objects leave the session then, since some of them bear what never happened. One may
        stand inside another.
        """
        kept = len(self.messages), dict(self.timers), len(self.committed)
        driver = await self.driver()
        # one fixed name by the simple protocol: a new name each time would be a statement to
        # prepare each time
        await driver.execute("savepoint r")
        try:
            yield
            await self.driver()
        except Exception:
            # released too: the name stands for the savepoint around this one again
            await driver.execute("rollback to savepoint r; release savepoint r")
            await self.rollback()
            self.sync_session.expunge_all()
            self.absent.clear()
            self._held.clear()
            del self.messages[kept[0] :], self.committed[kept[2] :]
            self.timers = kept[1]
            raise
        await driver.execute("release savepoint r")

    def holds(self, *rows: SQLModel) -> None:
        """Notes that these rows were loaded `for update`, so that `get_locked` finds them without a
        round trip.
        """
        self._held.update(orm.identity_key(instance=row) for row in rows)

    async def get_locked(
        self, table: type[Row], key: Any, caller: access.Caller | None = None
    ) -> Row:
        """The row, locked until the end of the transaction.

        caller: whose scope must hold the row, by its columns `area_code`, `organisation_id`,
        `elder_id`.
        Raises: NotFound where it is absent or outside the caller's scope.
        """
        identity = orm.identity_key(table, key)
        row = self.sync_session.identity_map.get(identity) if identity in self._held else None
        if row is None and self.absent.get(identity) is not None:
            row = await self.get(table, key)  # added in this transaction: nobody else sees it
        row = row or await locked(self, await self.driver(), table, key)
        if row is None:
            raise NotFound(table, key)
        self._held.add(identity)
        if caller is not None:
            access.check(
                caller,
                area=getattr(row, "area_code", None),
                organisation=getattr(row, "organisation_id", None),
                person=getattr(row, "elder_id", None),
                kind=table,
                key=key,
            )
        return row

    async def get_seen(
        self,
        table: type[Row],
        key: Any,
        caller: access.Caller,
        *,
        area: str | None = None,
        organisation: str | None = None,
        person: str | None = None,
    ) -> Row:
        """The row if the caller may see it, for answering a question: it belongs to no session and
        is never written.

        area, organisation, person: names of the columns that `kit.security.access.scoped` would be given.
        Raises: NotFound where it is absent or outside the caller's scope.
        """
        row = await alone(await self.driver(), table, key)
        if row is None:
            raise NotFound(table, key)
        columns = {"area": area, "organisation": organisation, "person": person}
        access.check(
            caller,
            **{scope: getattr(row, name) for scope, name in columns.items() if name},
            kind=table,
            key=key,
        )
        return row


class Store:
    """The database of one service.

    dsn: postgresql://user@host/name or postgresql://user@/name?host=/folder. parts: see kit.messaging.outbox.
    pool_size: connections for transactions; half as many more are opened for reading, and as many
    for hot flows, each when it is first needed. vault: seals the answers of commands
    (kit.db.personal.Ring).
    """

    def __init__(
        self,
        dsn: str,
        *,
        service: str,
        clock: Clock,
        pool_size: int = 8,
        parts: int = 1,
        vault: Cipher | None = None,
    ) -> None:
        self.dsn, self.service, self.clock, self.parts, self.vault = (
            dsn,
            service,
            clock,
            parts,
            vault,
        )
        self.emitted = 0  # messages committed since the start
        self._epoch: int | None = None
        self.committed: list[
            Callable[[Session | RawSession], None]
        ] = []  # called after each commit: the relay and the timers wake
        self._pool_size = pool_size
        self._raw: Any = None
        self._writers = Connections(dsn, service, pool_size)
        self._readers = Connections(
            dsn, service, max(2, pool_size // 2), default_transaction_read_only="on"
        )

    @property
    def epoch(self) -> int:
        """How often this database was restored from a backup; a restore takes place while nobody is
        connected, so it is read once.
        """
        if self._epoch is None:
            raise RuntimeError("the epoch is known from the first transaction on")
        return self._epoch

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[Session]:
        """A transaction that commits on return and rolls back on any raise, with all that was
        collected.

        Raises: Contended, Unavailable. After Unavailable it is unknown whether a commit under way
        took place.
        """
        async with self._opened(self._writers, "begin") as session:
            yield session
            await self._finish(session)
        self._after(session)

    @asynccontextmanager
    async def rehearsal(self) -> AsyncIterator[Session]:
        """A transaction that writes everything and is rolled back: for tests of flows, and for
        trial runs.
        """
        async with self._opened(self._writers, "begin") as session:
            yield session
            await session.flush()

    @asynccontextmanager
    async def reading(self, *, snapshot: bool = False) -> AsyncIterator[Session]:
        """Reads only, PostgreSQL refuses writes; each statement sees what is committed when it
        begins.

        snapshot: all statements see the same instant, for the price of two round trips.
        """
        async with self._opened(
            self._readers, "begin isolation level repeatable read" if snapshot else ""
        ) as session:
            yield session
            if session.messages or session.timers or session.new or session.dirty:
                raise RuntimeError("a reading writes nothing, says nothing and sets no timer")

    @asynccontextmanager
    async def raw(self) -> AsyncIterator[RawSession]:
        """A session for hot flows (kit.rpc.idempotency): everything is written by one statement when the
        block ends.

        Raises: final_write.Repeated, Contended, Unavailable.
        """
        driver: Driver | None = None
        try:
            if self._raw is None:
                self._raw = asyncpg.create_pool(
                    self.dsn,
                    min_size=0,
                    max_size=max(2, self._pool_size // 2),
                    max_inactive_connection_lifetime=600,
                    reset=_as_it_is,
                    **connect_options(self.service),
                )
            await self._raw
            await self._learn_epoch()
            async with self._raw.acquire(timeout=WAIT_S) as proxy:
                driver = (
                    proxy._con
                )  # the proxy forgets it on release, and whether it was lost is asked later
                session = RawSession(self, driver)
                yield session
                await session.finish()
        except (asyncpg.PostgresError, asyncpg.InternalClientError, *_LOST_IF_CLOSED) as error:
            if (told := _told(error, self.service, driver)) is None:
                raise
            raise told from error
        self._after(session)

    async def close(self) -> None:
        """Closes the connections."""
        if self._raw is not None:
            await self._raw.close()
        await self._writers.close()
        await self._readers.close()

    @asynccontextmanager
    async def _opened(self, connections: Connections, begin: str) -> AsyncIterator[Session]:
        driver: Driver | None = None
        try:
            await self._learn_epoch()
            async with connections.taken() as (connection, driver):
                if begin:
                    await driver.execute(begin)
                session = Session(connection, self, driver)
                try:
                    yield session
                finally:
                    if (
                        session.in_transaction() or session.sync_session.identity_map
                    ):  # else the ORM was not used: nothing to close
                        await session.close()
        except (
            exc.SQLAlchemyError,
            asyncpg.PostgresError,
            asyncpg.InternalClientError,
            *_LOST_IF_CLOSED,
        ) as error:
            if (told := _told(error, self.service, driver)) is None:
                raise
            raise told from error

    async def _learn_epoch(self) -> None:
        if self._epoch is None:
            async with self._readers.taken() as (_, driver):
                known = await driver.fetchval(
                    "select to_regclass('epoch') is not null"
                )  # not in databases of trials
                self._epoch = (
                    int(await driver.fetchval("select coalesce(max(epoch), 0) from epoch"))
                    if known
                    else 0
                )

    async def _finish(self, session: Session) -> None:
        if session.new or session.dirty or session.deleted:
            await session.flush()
        await final_write.write(session._driver, session.messages, session.timers, session.answer)
        await session._driver.execute("commit")

    def _after(self, session: Session | RawSession) -> None:
        self.emitted += len(session.messages)
        for wake in self.committed:
            wake(session)
        for then in session.committed:
            then()


async def _as_it_is(_: Any) -> None:
    """A hot flow leaves nothing on its connection that would have to be reset."""


def _told(error: BaseException, service: str, driver: Driver | None) -> Unavailable | None:
    original = getattr(error, "orig", None)
    chain = (error, original, getattr(original, "__cause__", None))
    if any(isinstance(link, _CONTENDED) for link in chain):
        return Contended("database", f"the database of {service} was contended", retry_after_s=0.1)
    lost = (*_LOST, *_LOST_IF_CLOSED) if driver is None or driver.is_closed() else _LOST
    if isinstance(error, exc.TimeoutError) or any(isinstance(link, lost) for link in chain):
        return Unavailable(
            "database", f"the database of {service} does not answer: {type(error).__name__}"
        )
    return None
