"""Facts in: each handler is one line that calls a flow."""

from collections.abc import Iterator
from uuid import UUID

from eldercare.assessment.v1.events_pb2 import (
    ApplicationSubmitted,
    ApplicationWithdrawn,
    AssessmentAppealed,
    AssessmentApproved,
    AssessmentRejected,
    ElderChanged,
    ElderDied,
    ElderRegistered,
)

from kit.db.store import Session
from kit.messaging.subscriptions import Fact, Prefetch, on, on_batch
from subsidy.entitlements.flows import facts
from subsidy.entitlements.tables import Case
from subsidy.replicas.tables import Application, Elder, Result
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
async def replicate_elder(event: ElderFact, session: Session, fact: Fact) -> None:
    await facts.replicate_elder(session, event.elder, fact.time)


def _of_assessment(event: AssessmentApproved) -> Iterator[Prefetch]:
    yield Prefetch(Elder, UUID(event.elder_id), required=True)
    yield Prefetch(Case, UUID(event.elder_id))
    yield Prefetch(Result, UUID(event.assessment_id))
    yield Prefetch(Application, UUID(event.application_id))


@on_batch(AssessmentApproved, group=GROUP, prefetch=_of_assessment)
async def approve(events: list[tuple[AssessmentApproved, Fact]], session: Session) -> None:
    await facts.approve(session, [event for event, _ in events])


@on(
    ApplicationSubmitted,
    group=GROUP,
    prefetch=lambda event: [Prefetch(Application, UUID(event.application_id))],
)
async def hear_application(event: ApplicationSubmitted, session: Session) -> None:
    await facts.hear_application(session, event)


def _of_ended(event: ApplicationWithdrawn | AssessmentRejected) -> Iterator[Prefetch]:
    yield Prefetch(Elder, UUID(event.elder_id), required=True)
    yield Prefetch(Case, UUID(event.elder_id))
    yield Prefetch(Application, UUID(event.application_id))


@on(AssessmentRejected, group=GROUP, prefetch=_of_ended)
async def hear_rejection(event: AssessmentRejected, session: Session) -> None:
    await facts.hear_rejection(session, event)


@on(AssessmentAppealed, group=GROUP)
async def hear_appeal(event: AssessmentAppealed, session: Session) -> None:
    await facts.hear_appeal(session, event)


@on(ApplicationWithdrawn, group=GROUP, prefetch=_of_ended)
async def hear_withdrawal(event: ApplicationWithdrawn, session: Session) -> None:
    await facts.hear_withdrawal(session, event)
