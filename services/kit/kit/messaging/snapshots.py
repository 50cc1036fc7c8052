"""Emits the full state of a master again, for consumers whose replica was lost; `eldercare
republish elder`.

A service names its masters in `SNAPSHOT_SOURCES` of its `snapshots.py`, by name of the aggregate.
"""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from typing import cast

from google.protobuf.message import Message
from sqlmodel import SQLModel, col, select

from kit.db.store import Contended, Store
from kit.messaging.outbox import Versioned, emit

AT_ONCE = 500  # rows of one transaction
PAUSE_S = 0.2  # between two, so that the outbox and live traffic keep pace
AGAIN_S = 0.5


@dataclass(frozen=True)
class SnapshotSource:
    """table: of the owner, with one key column and a `version`. event_of: the event that tells all
    of a row.
    """

    table: type[SQLModel]
    event_of: Callable[..., Message]


async def republish(
    store: Store, master: SnapshotSource, *, at_once: int = AT_ONCE, pause_s: float = PAUSE_S
) -> int:
    """Emits every row at its present version and returns how many; nothing is changed, and
    consumers that are up to date skip it.
    """
    (key,) = (column.name for column in master.table.__table__.primary_key)  # type: ignore[attr-defined]
    column = col(getattr(master.table, key))
    last, count = None, 0
    while True:
        wanted = (
            select(master.table).order_by(column).limit(at_once).with_for_update()
        )  # a change meanwhile would be emitted before
        try:
            async with store.transaction() as session:
                found = await session.exec(wanted.where(column > last) if last else wanted)
                rows = list(found.all())
                for row in rows:
                    emit(session, master.event_of(row), sequence=cast(Versioned, row).version)
        except Contended:
            await asyncio.sleep(AGAIN_S)
            continue
        if not rows:
            return count
        last, count = getattr(rows[-1], key), count + len(rows)
        await asyncio.sleep(pause_s)
