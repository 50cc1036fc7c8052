"""A transaction in progress, as the ORM's session: what it has loaded, what it will write, and a
way to undo a part of it.
"""

from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from datetime import datetime
from typing import TypedDict, TypeVar, Unpack, cast

from sqlalchemy.ext.asyncio import AsyncConnection
from sqlalchemy.orm import Mapper, attributes
from sqlalchemy.orm._typing import OrmExecuteOptionsParameter
from sqlalchemy.orm.interfaces import ORMOption
from sqlalchemy.sql.selectable import ForUpdateParameter
from sqlmodel import SQLModel
from sqlmodel.ext.asyncio.session import AsyncSession

from kit.contracts.refusals import NotFound, Outdated
from kit.db import final_write, writing
from kit.db.context import Scope, StoreContext
from kit.db.driver import Driver
from kit.db.loading import Identity, alone, identity_of, identity_of_row, locked

Table = TypeVar("Table", bound=SQLModel)
Found = TypeVar("Found")

# options of `get` that ask for nothing where it is known that there is no row
_NOTHING_TO_LOAD = frozenset({"with_for_update", "populate_existing"})

# one fixed name by the simple protocol: a new name each time would be a statement to prepare each
# time
_SAVE = "savepoint r"
_KEEP = "release savepoint r"
# released too: the name stands for the savepoint around this one again
_UNDO = "rollback to savepoint r; release savepoint r"


class GetOptions(TypedDict, total=False):
    """SQLAlchemy's options of `get`."""

    options: Sequence[ORMOption] | None
    populate_existing: bool | None
    with_for_update: ForUpdateParameter
    identity_token: object
    execution_options: OrmExecuteOptionsParameter


class Transaction(AsyncSession):
    """See kit.db.store.Session, which is what a store hands out.

    now: business instant, frozen at its beginning. messages, timers, answer: what its end will
    write. committed: called after the commit.
    """

    store: StoreContext

    def __init__(self, bind: AsyncConnection, store: StoreContext, driver: Driver) -> None:
        super().__init__(bind, expire_on_commit=False, autoflush=True)
        self.store = store
        self.now: datetime = store.clock.now()
        self.messages: list[final_write.OutboxMessage] = []
        self.timers: dict[tuple[str, str], datetime | None] = {}
        self.answer: final_write.Answer | None = None
        self.committed: list[Callable[[], None]] = []
        # identities known to have no row yet, with what was added for them since
        self.absent: dict[Identity, SQLModel | None] = {}
        self._driver = driver
        self._held: set[Identity] = set()

    async def driver(self) -> Driver:
        """asyncpg's connection inside this transaction; pending ORM changes are flushed first, so
        it sees them.
        """
        if self.new or self.dirty or self.deleted:
            await self.flush()
        return self._driver

    # the signature is SQLAlchemy's own
    async def get(
        self,
        entity: type[Found] | Mapper[Found],
        ident: object,
        **options: Unpack[GetOptions],
    ) -> Found | None:
        """The row by its key, or None; free where a reader has loaded it before, or has seen that
        there is none.
        """
        table = entity if isinstance(entity, type) else entity.class_
        identity = identity_of(table, ident)
        known: Found | None = self.sync_session.identity_map.get(identity)
        if known is not None and not options and not attributes.instance_state(known).expired:
            return known
        if identity in self.absent and options.keys() <= _NOTHING_TO_LOAD:
            row = self.absent[identity]
            return None if row in self.deleted else cast(Found | None, row)
        return await super().get(entity, ident, **options)

    def add(self, instance: object, *, _warn: bool = True) -> None:
        """Remembers a row that is written at the next flush."""
        self.sync_session.add(instance, _warn=_warn)
        if self.absent:
            row = cast(SQLModel, instance)  # to ask its metaclass takes longer than all the rest
            identity = identity_of_row(row)
            if identity in self.absent:
                self.absent[identity] = row

    @asynccontextmanager
    async def savepoint(self) -> AsyncIterator[None]:
        """Undoes what the block did if it raises: rows, objects, messages, timers; the transaction
        can go on.

        All objects leave the session then, since some of them bear what never happened. One may
        stand inside another.
        """
        messages, timers, committed = len(self.messages), dict(self.timers), len(self.committed)
        driver = await self.driver()
        await driver.execute(_SAVE)
        try:
            yield
            await self.driver()
        except Exception:
            await driver.execute(_UNDO)
            await self.rollback()
            self.sync_session.expunge_all()
            self.absent.clear()
            self._held.clear()
            del self.messages[messages:], self.committed[committed:]
            self.timers = timers
            raise
        await driver.execute(_KEEP)

    async def write_sets(self, fewest: int) -> list[SQLModel]:
        """Writes what is pending with one statement for each table that has as many rows; the next
        flush writes the rest. Returns the new rows.
        """
        return await writing.write(
            self.sync_session, self._driver, lambda state: state.key in self._held, fewest
        )

    def holds(self, *rows: SQLModel) -> None:
        """Notes that these rows were loaded `for update`, so that `get_locked` finds them without a
        round trip.
        """
        self._held.update(map(identity_of_row, rows))

    async def get_locked(
        self,
        table: type[Table],
        key: object,
        caller: Scope | None = None,
        *,
        version: int | None = None,
    ) -> Table:
        """The row, locked until the end of the transaction.

        caller: whose scope must hold the row, by its columns `area_code`, `organisation_id`,
        `elder_id`. version: the one that the caller read, where the caller says so.
        Raises: NotFound where it is absent or outside the caller's scope; Outdated where it has
        another version.
        """
        identity = identity_of(table, key)
        row = self.sync_session.identity_map.get(identity) if identity in self._held else None
        if row is None and self.absent.get(identity) is not None:
            row = await self.get(table, key)  # added in this transaction: nobody else sees it
        row = row or await locked(self, await self.driver(), table, key)
        if row is None:
            raise NotFound(table, key)
        self._held.add(identity)
        if caller is not None:
            caller.check(
                area=getattr(row, "area_code", None),
                organisation=getattr(row, "organisation_id", None),
                person=getattr(row, "elder_id", None),
                kind=table,
                key=key,
            )
        if version is not None:
            now: int = row.version  # type: ignore[attr-defined]  # only aggregates have versions
            if now != version:
                raise Outdated(version=now)
        return row

    async def get_seen(
        self,
        table: type[Table],
        key: object,
        caller: Scope,
        *,
        area: str | None = None,
        organisation: str | None = None,
        person: str | None = None,
    ) -> Table:
        """The row if the caller may see it, for answering a question: it belongs to no session and
        is never written.

        area, organisation, person: names of the columns that `kit.security.access.scoped` would be
        given.
        Raises: NotFound where it is absent or outside the caller's scope.
        """
        row = await alone(await self.driver(), table, key)
        if row is None:
            raise NotFound(table, key)
        caller.check(
            area=getattr(row, area) if area else None,
            organisation=getattr(row, organisation) if organisation else None,
            person=getattr(row, person) if person else None,
            kind=table,
            key=key,
        )
        return row
