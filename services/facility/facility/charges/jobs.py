"""Timers in: each is one line that calls a flow."""

from uuid import UUID

from facility.charges import flows
from facility.context import GROUP
from facility.stays.flows import DAYS_CHANGED
from kit.db.store import Session
from kit.runtime.timers import timer


@timer(DAYS_CHANGED, group=GROUP)
async def charge(session: Session, key: str) -> None:
    await flows.charge(session, UUID(key))
