"""Timers in: a level in force is about to expire."""

from uuid import UUID

from assessment.assessments import flows
from assessment.context import GROUP
from kit.db.store import Session
from kit.runtime.timers import timer


@timer(flows.REASSESS, group=GROUP)
async def reassess(session: Session, key: str) -> None:
    await flows.reassess(session, UUID(key))
