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

from kit.contracts.clock import Clock
from kit.db import final_write
from kit.db.connections import Connections
from kit.db.connections import connect_options as connect_options
from kit.db.context import Cipher as Cipher
from kit.db.driver import Driver as Driver
from kit.db.errors import RAISED, unavailable
from kit.db.errors import Contended as Contended
from kit.db.raw_session import RawSession
from kit.db.session import Transaction

_SNAPSHOT = "begin isolation level repeatable read"
_HAS_EPOCH = "select to_regclass('epoch') is not null"  # not in databases of trials
_EPOCH = "select coalesce(max(epoch), 0) from epoch"


class Session(Transaction):
    """A transaction in progress.

    now: business instant, frozen at its beginning. messages, timers: what its end will write.
    """

    store: "Store"


class Store:
    """The database of one service.

    dsn: postgresql://user@host/name or postgresql://user@/name?host=/folder. parts: see
    kit.messaging.outbox. pool_size: connections for transactions; half as many more for hot flows,
    and as many for reading, each opened when it is first needed. vault: seals the answers of
    commands (kit.db.personal.KeyRing).

    One kind of pool, three of them. Reading has connections that are read only from their
    beginning, so that a statement needs no transaction around it: `begin read only` and its end on
    a shared connection would cost every question two round trips more: a select by key takes
    0.10 ms of CPU here and 0.06 ms at PostgreSQL, and with them 0.32 ms and 0.16 ms; the caller
    waits 0.42 ms instead of 0.16 ms. Hot flows have places of their own, so that slow transactions
    never keep them waiting.
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
        self.dsn, self.service, self.clock = dsn, service, clock
        self.parts, self.vault = parts, vault
        self.emitted = 0  # messages committed since the start
        # called after each commit: the relay and the timers wake
        self.committed: list[Callable[[Session | RawSession], None]] = []
        self._epoch: int | None = None
        self._writers = Connections(dsn, service, pool_size)
        self._hot = Connections(dsn, service, max(2, pool_size // 2))
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
        async with self._opened(self._readers, _SNAPSHOT if snapshot else "") as session:
            yield session
            if session.messages or session.timers or session.new or session.dirty:
                raise RuntimeError("a reading writes nothing, emits nothing and sets no timer")

    @asynccontextmanager
    async def raw(self) -> AsyncIterator[RawSession]:
        """A session for hot flows (kit.rpc.idempotency): everything is written by one statement
        when the block ends.

        Raises: final_write.Repeated, Contended, Unavailable.
        """
        driver: Driver | None = None
        try:
            await self._learn_epoch()
            async with self._hot.taken() as (_, driver):
                session = RawSession(self, driver)
                yield session
                await session.finish()
        except RAISED as error:
            if (meant := unavailable(error, self.service, driver)) is None:
                raise
            raise meant from error
        self._after(session)

    async def close(self) -> None:
        """Closes the connections."""
        for connections in (self._writers, self._hot, self._readers):
            await connections.close()

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
                    # else the ORM was not used: nothing to close
                    if session.in_transaction() or session.sync_session.identity_map:
                        await session.close()
        except RAISED as error:
            if (meant := unavailable(error, self.service, driver)) is None:
                raise
            raise meant from error

    async def _learn_epoch(self) -> None:
        if self._epoch is None:
            async with self._readers.taken() as (_, driver):
                known = await driver.fetchval(_HAS_EPOCH)
                self._epoch = int(await driver.fetchval(_EPOCH)) if known else 0

    async def _finish(self, session: Session) -> None:
        await session.write_sets(1)
        driver = await session.driver()
        await final_write.write(driver, session.messages, session.timers, session.answer)
        await driver.execute("commit")

    def _after(self, session: Session | RawSession) -> None:
        self.emitted += len(session.messages)
        for wake in self.committed:
            wake(session)
        for then in session.committed:
            then()
