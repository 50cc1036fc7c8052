"""Connections that stay checked out between transactions: taking one from SQLAlchemy's pool and
giving it back costs half a millisecond.
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from contextvars import ContextVar
from functools import cache
from typing import TypeAlias, cast

import asyncpg
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine
from sqlalchemy.pool import NullPool

from kit.db.driver import Driver

CONNECT_S, WAIT_S = 5, 30
# a frozen owner of a row must not block its successor for longer
STATEMENT_S, LOCK_S, IDLE_S = 30, 5, 10

Taken: TypeAlias = tuple[AsyncConnection, Driver]
_opened_by: ContextVar[Callable[[], Awaitable[Driver]]] = ContextVar("opened_by")


def connect_options(service: str, **more: str) -> dict[str, object]:
    """How every connection of the kit to PostgreSQL is opened."""
    settings = {
        "application_name": service,
        "timezone": "UTC",
        "statement_timeout": f"{STATEMENT_S}s",
        "lock_timeout": f"{LOCK_S}s",
        "idle_in_transaction_session_timeout": f"{IDLE_S}s",
        "tcp_keepalives_idle": "10",
        "tcp_user_timeout": "20000",
        "jit": "off",
    }
    return {"timeout": CONNECT_S, "statement_cache_size": 512, "server_settings": settings | more}


class Connections:
    """At most `size` connections, opened when they are needed; one that was lost is opened anew."""

    def __init__(self, dsn: str, service: str, size: int, **settings: str) -> None:
        async def connect() -> Driver:
            driver: Driver = await asyncpg.connect(dsn, **connect_options(service, **settings))
            return driver

        self._connect = connect
        self._places = asyncio.Semaphore(size)
        self._free: list[Taken] = []
        self._closed = False

    @asynccontextmanager
    async def taken(self) -> AsyncIterator[Taken]:
        """A connection and its driver, for the block alone.

        Raises: TimeoutError where none became free in time, or PostgreSQL does not answer; OSError;
        asyncpg.PostgresError.
        """
        if self._places.locked():
            async with asyncio.timeout(WAIT_S):
                await self._places.acquire()
        else:
            await self._places.acquire()
        try:
            connection, driver = await self._open()
            try:
                yield connection, driver
            finally:
                await self._back(connection, driver)
        finally:
            self._places.release()

    async def close(self) -> None:
        """Closes those that are free; one that is taken is closed when it is given back."""
        self._closed = True
        while self._free:
            await self._free.pop()[0].close()

    async def _open(self) -> Taken:
        while self._free:  # the last used first: its caches are warm
            connection, driver = self._free.pop()
            # asyncpg learns of a killed server from its socket, without the round trip of a ping
            if not driver.is_closed():
                return connection, driver
            await _dropped(connection)
        token = _opened_by.set(self._connect)
        try:
            connection = await _engine().connect()
        finally:
            _opened_by.reset(token)
        opened = (await connection.get_raw_connection()).driver_connection
        # or SQLAlchemy would warn of one that is never given back
        await connection.run_sync(lambda alone: alone.detach())
        return connection, cast(Driver, opened)

    async def _back(self, connection: AsyncConnection, driver: Driver) -> None:
        """Leaves no transaction open on a connection that somebody else will take. One on which the
        ORM was cancelled is none any more for SQLAlchemy, whatever its driver says.
        """
        if connection.invalidated:
            driver.terminate()
        if not driver.is_closed() and driver.is_in_transaction():
            try:
                await asyncio.shield(driver.execute("rollback", timeout=CONNECT_S))
            except BaseException:
                await _dropped(connection)
                raise
        if driver.is_closed():
            await _dropped(connection)
        elif self._closed:
            await connection.close()
        else:
            self._free.append((connection, driver))


@cache
def _engine() -> AsyncEngine:
    """One for all databases of the process: what SQLAlchemy asks a server at its first connection
    and what it makes of statements is not to be found out once more for each. Transactions are
    begun and committed by us, with the driver.
    """

    async def connect() -> Driver:
        return await _opened_by.get()()

    return create_async_engine(
        "postgresql+asyncpg://",
        async_creator=connect,
        isolation_level="AUTOCOMMIT",
        poolclass=NullPool,
    )


async def _dropped(connection: AsyncConnection) -> None:
    await connection.invalidate()
    await connection.close()
