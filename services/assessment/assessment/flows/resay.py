"""Says the full state of every elder again, for listeners whose replica was lost; `eldercare resay elder`."""

import asyncio

from eldercare.assessment.v1 import events_pb2 as said
from sqlmodel import col, select

from assessment.flows.elders import public
from assessment.rules import Status
from assessment.tables import Elder
from kit.outbox import emit
from kit.store import Store

AGGREGATES = ("elder",)


async def resay(store: Store, aggregate: str = "elder", *, at_once: int = 500, pause_s: float = 0.2) -> int:
    """Says every elder at its present version and returns how many; nothing is changed, and listeners that are up to date skip it.

    at_once: elders of one transaction. pause_s: rest between two, so that the outbox and live traffic keep pace.
    Raises: LookupError for an aggregate that is not this service's.
    """
    if aggregate not in AGGREGATES:
        raise LookupError(f"this service says {', '.join(AGGREGATES)} again, not {aggregate}")
    last, count = None, 0
    while True:
        async with store.transaction() as session:
            wanted = select(Elder).order_by(col(Elder.elder_id)).limit(at_once).with_for_update()
            rows = (await session.exec(wanted.where(col(Elder.elder_id) > last) if last else wanted)).all()
            for row in rows:
                kind = said.ElderDied if row.status is Status.DEAD else said.ElderRegistered if row.version == 1 else said.ElderChanged
                emit(session, kind(elder=public(row)), sequence=row.version)
        if not rows:
            return count
        last, count = rows[-1].elder_id, count + len(rows)
        await asyncio.sleep(pause_s)
