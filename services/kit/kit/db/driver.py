"""What the kit asks of asyncpg's connection, which has no types.

The values of a row have the types of the statement that asked for them; whoever wrote the
statement says them. So `Any` stands here, once, and in no signature of the kit that hands a
connection on.
"""

from collections.abc import Awaitable, Iterable, Sequence
from contextlib import AbstractAsyncContextManager
from typing import Any, Protocol, TypeAlias

Row: TypeAlias = Any  # asyncpg.Record: a value by the name or the place of its column


class Type(Protocol):
    """A type of PostgreSQL."""

    @property
    def oid(self) -> int: ...


class Attribute(Protocol):
    """A column of a prepared statement's answer."""

    @property
    def type(self) -> Type: ...


class Prepared(Protocol):
    """A prepared statement."""

    def get_attributes(self) -> Sequence[Attribute]: ...


class Cursor(Protocol):
    """The rows of a statement, read part by part."""

    async def fetch(self, n: int) -> list[Row]: ...


class Driver(Protocol):
    """A connection to PostgreSQL, inside the transaction of whoever hands it on.

    Raises: asyncpg.PostgresError, asyncpg.InterfaceError, OSError.
    """

    async def execute(self, query: str, *args: object, timeout: float | None = None) -> str: ...
    async def executemany(self, command: str, args: Iterable[Sequence[object]]) -> None: ...
    async def fetch(self, query: str, *args: object, timeout: float | None = None) -> list[Row]: ...
    async def fetchrow(self, query: str, *args: object) -> Row: ...
    async def fetchval(self, query: str, *args: object) -> Row: ...
    async def prepare(self, query: str) -> Prepared: ...
    async def copy_records_to_table(
        self, table_name: str, *, records: Iterable[Sequence[object]], columns: Sequence[str]
    ) -> str: ...
    def transaction(self) -> AbstractAsyncContextManager[None]: ...
    def cursor(self, query: str, *args: object) -> Awaitable[Cursor]: ...
    def is_closed(self) -> bool: ...
    def terminate(self) -> None: ...
    def is_in_transaction(self) -> bool: ...
