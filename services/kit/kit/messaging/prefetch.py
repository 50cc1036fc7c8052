"""Rows a batch will ask for, loaded with one ordered query per table, so that two batches never
lock in opposite orders.
"""

from collections.abc import Callable, Iterable
from functools import cache
from uuid import UUID

from sqlalchemy import any_, bindparam, tuple_
from sqlalchemy.dialects.postgresql import ARRAY
from sqlmodel import SQLModel, select
from sqlmodel.sql.expression import SelectOfScalar

from kit.db.driver import Row
from kit.db.loading import Identity, identity_of, identity_of_row
from kit.db.store import Session
from kit.messaging.records import ClusterPartition, Item, decoded, kept
from kit.messaging.subscriptions import Prefetch, key_columns, kind_of, subscriptions_of


async def load(session: Session, needs: Iterable[Prefetch]) -> list[SQLModel]:
    """Locks and loads these rows, and remembers which of them are absent.

    Returns the rows: the session alone would forget a row that nobody holds.
    """
    keys: dict[type[SQLModel], dict[Identity, object]] = {}
    for need in needs:
        identity = identity_of(need.table, need.key)
        if identity not in session.absent and identity not in session.sync_session.identity_map:
            keys.setdefault(need.table, {})[identity] = need.key
    found: list[SQLModel] = []
    for table in sorted(keys, key=kind_of):
        asked = {"keys": list(keys[table].values())}
        rows = list((await session.exec(_statement(table), params=asked)).all())
        known = {identity_of_row(row) for row in rows}
        session.absent.update(dict.fromkeys(keys[table].keys() - known))
        session.holds(*rows)
        found += rows
    return found


@cache
def _statement(table: type[SQLModel]) -> SelectOfScalar[SQLModel]:
    columns = key_columns(table)
    if len(columns) == 1:  # one parameter however many keys: the statement is prepared once
        chosen = columns[0] == any_(bindparam("keys", type_=ARRAY(columns[0].type)))
    else:
        chosen = tuple_(*columns).in_(bindparam("keys", expanding=True))
    return select(table).where(chosen).order_by(*columns).with_for_update()


def replica_of(table: type[SQLModel], item: Item) -> Prefetch:
    """The row that is this listener's copy of the aggregate a record speaks of. Raises: ValueError
    for a subject that is no key.
    """
    assert item.fact is not None
    return Prefetch(table, _reader(table)(item.fact.subject))


@cache
def _reader(table: type[SQLModel]) -> Callable[[str], object]:
    (column,) = key_columns(table)
    kind = column.type.python_type
    return UUID if kind is UUID else int if kind is int else str


def stored(row: Row, group: str, where: str) -> Item:
    """A record that was kept before. where: `waiting`, `parked` or `held`, as its position counts
    it.
    """
    item = decoded(row["cluster"], kept(row), subscriptions_of(group))
    if item.handlers is None and item.fault is None:
        item.fault = "ce_type: is not heard here any more"
    item.stored = where
    return item


def place_of(row: Row) -> ClusterPartition:
    """The partition a kept record came from."""
    return ClusterPartition(row["cluster"], row["topic"], row["partition"])
