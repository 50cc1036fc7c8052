"""Facts in that are kept as they are."""

from eldercare.facility.v1.events_pb2 import OrganisationChanged, OrganisationRegistered

from kit.db.store import Session
from kit.messaging.subscriptions import on, replicate
from subsidy.replicas.tables import Organisation
from subsidy.settings import GROUP


@on(OrganisationRegistered, OrganisationChanged, group=GROUP, replica=Organisation)
async def replicate_organisation(
    event: OrganisationRegistered | OrganisationChanged, session: Session
) -> None:
    await replicate(session, event.organisation, Organisation)
