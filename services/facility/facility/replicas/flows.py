"""Keeps what this service needs to know of elders, and ends the stays of those who died; who did
not die after all stays on.
"""

from eldercare.assessment.v1 import events_pb2 as events

from facility.replicas.rules import ElderStatus
from facility.replicas.tables import Ability, Elder
from facility.stays import flows as stays
from kit.contracts import wire
from kit.db.store import Session
from kit.messaging.subscriptions import replicate


async def keep_elder(session: Session, state: events.Elder) -> None:
    """Writes the replica; called only for states newer than the stored one."""
    row = await replicate(session, state, Elder)
    if row.status == ElderStatus.DEAD and row.died_on is not None:
        await stays.end_by_death(session, row.elder_id, row.died_on)
    elif state.HasField("effective_on"):
        await stays.go_on(session, row.elder_id)


async def keep_level(session: Session, event: events.AssessmentApproved) -> None:
    """Keeps the level in force; approvals of one elder may come in any order, the latest counts."""
    fresh = wire.row(Ability, event)
    known = await session.get(Ability, fresh.elder_id)
    if known is None:
        session.add(fresh)
    elif fresh.valid_from >= known.valid_from:
        known.level = fresh.level
        known.valid_from = fresh.valid_from
        known.valid_to = fresh.valid_to
