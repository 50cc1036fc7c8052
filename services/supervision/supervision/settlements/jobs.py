"""Timers in: each is one line that calls a flow."""

from uuid import UUID

from kit.db.store import Session
from kit.runtime.timers import timer
from supervision.settings import GROUP
from supervision.settlements.flows import appeals, disputes


@timer(disputes.TERM, group=GROUP)
async def end_term(session: Session, key: str) -> None:
    await appeals.end_term(session, UUID(key))
