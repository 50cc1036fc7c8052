"""Takes in what is known of elders, and has decided again what rests on it."""

from collections.abc import Sequence
from uuid import UUID

from eldercare.assessment.v1 import events_pb2 as assessment

from kit.contracts import wire
from kit.db.store import Session
from kit.messaging.subscriptions import replicate
from subsidy.entitlements.flows.reviewing import review
from subsidy.entitlements.tables import Case
from subsidy.replicas.tables import Elder, Result


async def approve(session: Session, events: Sequence[assessment.AssessmentApproved]) -> None:
    """Stores approved levels and decides again about their elders, each once."""
    elders: dict[UUID, Elder] = {}
    for event in events:
        elder_id = UUID(event.elder_id)
        if await session.get(Result, UUID(event.assessment_id)):
            continue
        session.add(wire.row(Result, event))
        if elder_id not in elders and await session.get(Case, elder_id) is None:
            session.add(wire.row(Case, event, opened_at=session.now))
        elders[elder_id] = await session.get_locked(Elder, elder_id)
    # one lock order for all who decide about several
    await review(session, sorted(elders.values(), key=lambda elder: elder.elder_id))


async def replicate_elder(session: Session, state: assessment.Elder) -> None:
    """Keeps an elder's state, and decides again where what policies ask for changed; without any
    level there is nothing to decide.
    """
    known = await session.get(Elder, UUID(state.elder_id))
    before = known and _deciding_facts(known)
    elder = await replicate(session, state, Elder)
    if before == _deciding_facts(elder):
        return
    if await session.get(Case, elder.elder_id) is not None:
        await review(session, [elder])


def _deciding_facts(elder: Elder) -> tuple[object, ...]:
    return elder.area_code, sorted(elder.hardships), elder.status, elder.died_on
