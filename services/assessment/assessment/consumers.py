"""Time in: this service hears no events, but its timers fire. One line each that calls a flow."""

from uuid import UUID

from assessment import ground
from assessment.flows import applications, imports
from kit.db.store import Session
from kit.runtime.timers import timer

GROUP = "assessment"


@timer(imports.TIMER, group=GROUP)
async def take_chunk(session: Session, key: str) -> None:
    await imports.take_chunk(session, UUID(key), ground.of(session.store))


@timer(applications.REASSESS, group=GROUP)
async def reassess(session: Session, key: str) -> None:
    await applications.reassess(session, UUID(key))
