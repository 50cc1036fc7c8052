"""Kafka in: organisations. What elders and workers change in orders and plans is consumed there."""

from eldercare.facility.v1.events_pb2 import OrganisationChanged, OrganisationRegistered

from dispatch.replicas.tables import Organisation
from dispatch.settings import GROUP
from kit.db.store import Session
from kit.messaging.subscriptions import on, replicate


@on(OrganisationRegistered, OrganisationChanged, group=GROUP, replica=Organisation)
async def replicate_organisation(
    event: OrganisationRegistered | OrganisationChanged, session: Session
) -> None:
    await replicate(session, event.organisation, Organisation)
