"""Timers in: the next chunk of a file is due."""

from uuid import UUID

from assessment.context import GROUP, context_of
from assessment.imports import flows
from kit.db.store import Session
from kit.runtime.timers import timer


@timer(flows.TIMER, group=GROUP)
async def take_chunk(session: Session, key: str) -> None:
    await flows.take_chunk(session, UUID(key), context_of(session.store))
