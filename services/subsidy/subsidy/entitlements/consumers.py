"""Facts in: each handler is one line that calls a flow."""

from collections.abc import Iterator
from uuid import UUID

from eldercare.assessment.v1.events_pb2 import (
    AssessmentApproved,
    ElderChanged,
    ElderDied,
    ElderRegistered,
)

from kit.db.store import Session
from kit.messaging.subscriptions import Fact, Prefetch, on, on_batch
from subsidy.entitlements.flows import facts
from subsidy.entitlements.tables import Case
from subsidy.replicas.tables import Elder, Result
from subsidy.settings import GROUP

ElderFact = ElderRegistered | ElderChanged | ElderDied


@on(
    ElderRegistered,
    ElderChanged,
    ElderDied,
    group=GROUP,
    replica=Elder,
    prefetch=lambda event: [Prefetch(Case, UUID(event.elder.elder_id))],
)
async def replicate_elder(event: ElderFact, session: Session) -> None:
    await facts.replicate_elder(session, event.elder)


def _of_assessment(event: AssessmentApproved) -> Iterator[Prefetch]:
    yield Prefetch(Elder, UUID(event.elder_id), required=True)
    yield Prefetch(Case, UUID(event.elder_id))
    yield Prefetch(Result, UUID(event.assessment_id))


@on_batch(AssessmentApproved, group=GROUP, prefetch=_of_assessment)
async def approve(events: list[tuple[AssessmentApproved, Fact]], session: Session) -> None:
    await facts.approve(session, [event for event, _ in events])
