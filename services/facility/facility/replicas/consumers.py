"""Kafka in: one line each that calls a flow."""

from collections.abc import Iterable
from uuid import UUID

from eldercare.assessment.v1.events_pb2 import (
    AssessmentApproved,
    ElderChanged,
    ElderDied,
    ElderRegistered,
)

from facility.context import GROUP
from facility.replicas import flows
from facility.replicas.tables import Ability, Elder
from kit.db.store import Session
from kit.messaging.subscriptions import Prefetch, on


def _ability(event: AssessmentApproved) -> Iterable[Prefetch]:
    return [Prefetch(Ability, UUID(event.elder_id))]


@on(ElderRegistered, ElderChanged, ElderDied, group=GROUP, replica=Elder)
async def keep_elder(event: ElderRegistered | ElderChanged | ElderDied, session: Session) -> None:
    await flows.keep_elder(session, event.elder)


@on(AssessmentApproved, group=GROUP, prefetch=_ability)
async def keep_level(event: AssessmentApproved, session: Session) -> None:
    await flows.keep_level(session, event)
