"""Timers in: each is one line that calls a flow."""

from uuid import UUID

from kit.db.store import Session
from kit.runtime.timers import timer
from subsidy.settings import GROUP
from subsidy.stays import flows
from subsidy.vouchers.flows.lapsing import LATE


@timer(LATE, group=GROUP)
async def use_late(session: Session, key: str) -> None:
    await flows.use_late(session, UUID(key))
