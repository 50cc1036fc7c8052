"""Kafka in: one line each that calls a flow."""

from uuid import UUID

from eldercare.assessment.v1.events_pb2 import (
    AssessmentApproved,
    ElderChanged,
    ElderDied,
    ElderRegistered,
)

from facility.flows import elders
from facility.tables import Ability, Elder
from kit.db.store import Session
from kit.messaging.subscriptions import Prefetch, on

GROUP = "facility"


@on(ElderRegistered, ElderChanged, ElderDied, group=GROUP, replica=Elder)
async def keep_elder(event: ElderRegistered | ElderChanged | ElderDied, session: Session) -> None:
    await elders.keep(session, event.elder)


@on(
    AssessmentApproved,
    group=GROUP,
    prefetch=lambda event: [Prefetch(Ability, UUID(event.elder_id))],
)
async def keep_level(event: AssessmentApproved, session: Session) -> None:
    await elders.keep_level(session, event)
