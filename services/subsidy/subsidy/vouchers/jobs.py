"""Timers in: each is one line that calls a flow."""

from kit.db.store import Session
from kit.runtime.timers import timer
from subsidy.settings import GROUP
from subsidy.vouchers.flows import lapsing


@timer(lapsing.LAPSE, group=GROUP)
async def lapse(session: Session, month: str) -> None:
    await lapsing.lapse(session, month)
