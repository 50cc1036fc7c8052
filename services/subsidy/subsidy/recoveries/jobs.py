"""Timers in: each is one line that calls a flow."""

from uuid import UUID

from kit.db.store import Session
from kit.runtime.timers import timer
from subsidy.recoveries.flows import claiming, collecting
from subsidy.settings import GROUP


@timer(claiming.DEFERRED, group=GROUP)
async def resume(session: Session, key: str) -> None:
    await collecting.resume(session, UUID(key))
