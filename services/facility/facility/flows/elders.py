"""Keeps what this service needs to know of elders, and ends the stays of those who died."""

from eldercare.assessment.v1 import events_pb2 as heard

from facility.flows import stays
from facility.rules import ElderStatus
from facility.tables import Ability, Elder
from kit.contracts import wire
from kit.db.store import Session
from kit.messaging.subscriptions import replicate


async def keep(session: Session, state: heard.Elder) -> None:
    """Writes the replica; called only for states newer than the one that is there."""
    row = await replicate(session, state, Elder)
    if row.status == ElderStatus.DEAD and row.died_on is not None:
        await stays.end_of(session, row.elder_id, row.died_on)


async def keep_level(session: Session, event: heard.AssessmentApproved) -> None:
    """Remembers the level in force; approvals of one elder may be heard in any order, the latest
    counts.
    """
    fresh = wire.row(Ability, event)
    known = await session.get(Ability, fresh.elder_id)
    if known is None:
        session.add(fresh)
    elif fresh.valid_from >= known.valid_from:
        known.level, known.valid_from, known.valid_to = (
            fresh.level,
            fresh.valid_from,
            fresh.valid_to,
        )
