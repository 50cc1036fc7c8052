"""What can go wrong at the database without any fault of whoever asks it."""

import asyncpg
from sqlalchemy import exc

from kit.contracts.phrases import Phrase
from kit.contracts.refusals import Unavailable
from kit.db.driver import Driver

# a loop of a service rests on these and tries again: whatever is wrong with the database, it may be
# mended while the service lives
FAILED = (
    Unavailable,
    asyncpg.PostgresError,
    asyncpg.InterfaceError,
    asyncpg.InternalClientError,
    exc.DBAPIError,
    exc.TimeoutError,
    OSError,
)
# what a driver, or SQLAlchemy over it, raises
RAISED = (
    exc.SQLAlchemyError,
    asyncpg.PostgresError,
    asyncpg.InternalClientError,
    asyncpg.InterfaceError,
    OSError,
    TimeoutError,
)
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


_SILENT = Phrase("the database of {service} does not answer", "{service} 的数据库没有应答")


class Contended(Unavailable):
    """Two transactions stood in each other's way and this one gave in; the same work may pass at
    once.
    """

    text = Phrase(
        "two requests stood in each other's way; this one may pass at once",
        "两个请求互相冲突，本请求可立即重试",
    )


def unavailable(error: BaseException, service: str, driver: Driver | None) -> Unavailable | None:
    """What an error of the database means to who asked; None where it is a defect of ours.

    driver: the connection it came over, None where there was none yet.
    """
    original = getattr(error, "orig", None)
    chain = (error, original, getattr(original, "__cause__", None))
    if any(isinstance(link, _CONTENDED) for link in chain):
        return Contended("database", retry_after_s=0.1)
    lost = (*_LOST, *_LOST_IF_CLOSED) if driver is None or driver.is_closed() else _LOST
    if isinstance(error, exc.TimeoutError) or any(isinstance(link, lost) for link in chain):
        return Unavailable("database", _SILENT.of(service=service))
    return None
