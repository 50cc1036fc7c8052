"""Brings what is sealed and hashed under the current keys, while the service goes on; afterwards
the old keys may leave the ring.

The rows themselves say how far it is: each value bears the id of its key. So a rotation that was
cut off begins again and only looks at what is done. Rows are locked a few at a time, and only those
that nobody else has locked; nothing is waited for while a lock is held, so a rotation can not stand
in a deadlock, and what a writer changes meanwhile is neither lost nor overwritten.
"""

import asyncio
import time
from collections.abc import AsyncIterator, Callable, Collection, Sequence
from dataclasses import dataclass
from typing import TypeAlias

import asyncpg
from sqlalchemy import ARRAY, MetaData
from sqlalchemy.dialects import postgresql

from kit.db import columns
from kit.db.columns import Personal
from kit.db.driver import Row
from kit.db.personal import KeyRing, Unreadable
from kit.db.store import Contended, Session, Store
from kit.db.tables import Command

Key: TypeAlias = tuple[object, ...]  # primary key of a row

PAGE = 5000  # rows that are looked at in one statement
BATCH = 200  # rows that are locked at once: about 30 ms
PASSES = 20  # over a table, where rows are locked by others at each
REST_S = 0.5  # before rows that others had locked are tried again
REPORT_S = 5.0  # between two lines of progress

_DIALECT = postgresql.dialect()  # type: ignore[no-untyped-call]
# answers of commands leave by themselves, see kit.db.retention
LEAVING = frozenset({str(Command.__tablename__)})


@dataclass(frozen=True)
class Count:
    """Values of a column under one key. setting: whose keys these are. current: whether new values
    are made under it.
    """

    table: str
    column: str
    setting: str
    key: str
    rows: int
    current: bool


@dataclass
class Done:
    """What a rotation of one table did. left: rows that could not be renewed, as their primary key
    and why.
    """

    table: str
    renewed: int
    left: dict[Key, str]


def tables(*of: MetaData, answers: bool = False) -> list[Personal]:
    """What there is to rotate; the answers of commands only where asked for."""
    return [
        personal
        for personal in columns.personal(*of)
        if answers or personal.table.name not in LEAVING
    ]


async def counts(store: Store, ring: KeyRing, of: Collection[Personal]) -> list[Count]:
    """How many values stand under which key, of each column."""
    found = []
    for personal in of:
        for name in [*personal.sealed, *personal.hashed]:
            value = _value(personal, name)
            async with store.reading(snapshot=True) as session:
                driver = await session.driver()
                await driver.execute("set local statement_timeout = 0")  # it reads the whole table
                rows = await driver.fetch(
                    f"select substring({value} from 2 for get_byte({value}, 0)) as key, "  # noqa: S608 -- names of columns
                    "count(*) as rows"
                    f' from "{personal.table.name}" where {value} is not null group by 1 '
                    "order by 2 desc",
                )
            hashes = name in personal.hashed
            place = (personal.table.name, name, "HASH_KEYS" if hashes else "PERSONAL_KEYS")
            for key, count in rows:
                found.append(
                    Count(
                        *place,
                        key=bytes(key).decode(),
                        rows=count,
                        current=bytes(key).decode() == ring.current(hashes=hashes),
                    )
                )
    return found


async def rotate(
    store: Store,
    ring: KeyRing,
    personal: Personal,
    *,
    batch: int = BATCH,
    page: int = PAGE,
    pause_s: float = 0.0,
    report: Callable[[str], None] = lambda _: None,
) -> Done:
    """Renews every row of a table that bears an old key, and returns when there is none but those
    it cannot renew.

    pause_s: rest after each batch. report: receives a line of progress now and then.
    """
    work = _Work(store, ring, personal)
    reported_at = time.monotonic()
    for passing in range(1, PASSES + 1):
        missed, seen = False, 0
        async for examined, stale in work.pages(page):
            seen += examined
            for start in range(0, len(stale), batch):
                keys = stale[start : start + batch]
                missed |= await work.renew(keys) < len(keys)
                await asyncio.sleep(pause_s)
            if time.monotonic() - reported_at > REPORT_S:
                reported_at = time.monotonic()
                report(
                    f"{personal.table.name}: {seen} rows looked at in pass {passing}, "
                    f"{work.done.renewed} renewed"
                )
        if not missed:
            break
        await asyncio.sleep(REST_S)  # somebody else had locked them
    return work.done


async def one_at_a_time(session: Session, digests: Sequence[bytes]) -> None:
    """Lets transactions about one value pass one by one while a hash key rotates; a unique index
    alone sees one key's hashes.

    digests: of the value under every key, as `KeyRing.digests` gives them.
    """
    if len(digests) > 1:
        driver = await session.driver()
        for lock in sorted(int.from_bytes(digest[-8:], "big", signed=True) for digest in digests):
            await driver.execute("select pg_advisory_xact_lock($1)", lock)


class _Work:
    """The statements of one table."""

    def __init__(self, store: Store, ring: KeyRing, personal: Personal) -> None:
        self.store, self.ring, self.personal = store, ring, personal
        self.done = Done(personal.table.name, 0, {})
        self._columns = [*personal.sealed, *personal.hashed]
        needed = {name for hashed in personal.hashed.values() for name in hashed.needs}
        self._read = [
            *personal.key,
            *self._columns,
            *sorted(needed - {*personal.key, *self._columns}),
        ]
        self._name, self._key = _quoted(personal.table.name), ", ".join(map(_quoted, personal.key))
        self._stale = " or ".join(
            f"({_value(personal, name)} is not null and not {self._is_current(name)})"
            for name in self._columns
        )

    async def pages(self, size: int) -> AsyncIterator[tuple[int, list[Key]]]:
        """Page by page in the order of the key: how many rows, and the keys of those that bear an
        old key.
        """
        places = ", ".join(f"${place}" for place in range(1, len(self.personal.key) + 1))
        select = f"select {self._key}, {self._stale} as stale from {self._name}"  # noqa: S608 -- names of columns
        last: Key = ()
        while True:
            after = f" where ({self._key}) > ({places})" if last else ""
            async with self.store.reading() as session:
                rows = await (await session.driver()).fetch(
                    f"{select}{after} order by {self._key} limit {size}", *last
                )
            if not rows:
                return
            last = tuple(rows[-1])[:-1]
            keys = [tuple(row)[:-1] for row in rows if row["stale"]]
            yield len(rows), [key for key in keys if key not in self.done.left]

    async def renew(self, keys: Sequence[Key]) -> int:
        """Renews those of these rows that nobody has locked, in one transaction; returns how many
        were dealt with.
        """
        types = [
            column.type.compile(dialect=_DIALECT) for column in self.personal.table.primary_key
        ]
        among = ", ".join(f"${place}::{kind}[]" for place, kind in enumerate(types, 1))
        select = (
            f"select {', '.join(map(_quoted, self._read))} from {self._name} where "  # noqa: S608
            f"({self._key}) in (select * from unnest({among}))"
            f" and ({self._stale}) order by {self._key} for update skip locked"
        )
        try:
            async with self.store.transaction() as session:
                rows = await (await session.driver()).fetch(
                    select, *(list(part) for part in zip(*keys, strict=True))
                )
                count = await self._write(
                    session, [fresh for row in rows if (fresh := self._renewed(row)) is not None]
                )
        except Contended:  # a hash of ours is being inserted by somebody else
            return 0
        self.done.renewed += count
        return len(rows)

    async def _write(
        self, session: Session, fresh: Sequence[tuple[Key, tuple[object, ...]]]
    ) -> int:
        places = [
            f"{_quoted(name)} = ${place}"
            for place, name in enumerate([*self._columns, *self.personal.key], 1)
        ]
        middle = len(self._columns)
        update = (
            f"update {self._name} set {', '.join(places[:middle])} where "  # noqa: S608
            f"{' and '.join(places[middle:])}"
        )
        driver = await session.driver()
        try:
            async with session.savepoint():
                await driver.executemany(update, [(*values, *key) for key, values in fresh])
            return len(fresh)
        except asyncpg.IntegrityConstraintViolationError:
            count = 0  # it is one of them
        for key, values in fresh:
            try:
                async with session.savepoint():
                    await driver.execute(update, *values, *key)
                count += 1
            except asyncpg.IntegrityConstraintViolationError as error:
                self.done.left[key] = (
                    f"another row has what this one would get: {error.constraint_name}"
                )
        return count

    def _renewed(self, row: Row) -> tuple[Key, tuple[object, ...]] | None:
        """What the row is to bear; None where that cannot be known, which is noted."""
        key = tuple(row[name] for name in self.personal.key)
        texts: dict[str, str] = {}
        values: list[object] = []
        try:
            for name, mark in self.personal.sealed.items():
                if row[name] is not None:
                    texts[name] = self.ring.open(row[name], mark.kind)
                values.append(
                    None
                    if row[name] is None
                    else self.ring.rotate(row[name], mark.kind) or row[name]
                )
        except Unreadable as error:
            self.done.left[key] = str(error)
            return None
        for name, hashed in self.personal.hashed.items():
            if row[name] is not None and hashed.of not in texts:
                self.done.left[key] = f"{name} is a hash of {hashed.of}, and there is none"
                return None
            values.append(
                None if row[name] is None else hashed.digest(self.ring, texts[hashed.of], row)
            )
        return key, tuple(values)

    def _is_current(self, name: str) -> str:
        tag = self.ring.tag(hashes=name in self.personal.hashed)
        return (
            f"substring({_value(self.personal, name)} from 1 for {len(tag)}) = "
            f"'\\x{tag.hex()}'::bytea"
        )


def _value(personal: Personal, name: str) -> str:
    """The bytes that bear the id of their key; of an array the first, as all are made at once."""
    return _quoted(name) + ("[1]" if isinstance(personal.table.columns[name].type, ARRAY) else "")


def _quoted(name: str) -> str:
    return f'"{name}"'
