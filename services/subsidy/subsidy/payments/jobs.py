"""Timers in: each is one line that calls a flow."""

from kit.db.store import Session
from kit.runtime.timers import timer
from subsidy.payments.flows import debts
from subsidy.settings import GROUP


@timer(debts.SETTLE, group=GROUP)
async def pay_debts(session: Session, day: str) -> None:
    await debts.pay_debts(session, day)
