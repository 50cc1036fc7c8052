"""The timer that brings an agreed capacity into force."""

from uuid import UUID

from facility.context import GROUP
from facility.facilities import flows
from kit.db.store import Session
from kit.runtime.timers import timer


@timer(flows.CAPACITY, group=GROUP)
async def apply_capacity(session: Session, key: str) -> None:
    await flows.apply_capacity(session, UUID(key))
