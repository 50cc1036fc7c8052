"""Facts in: each handler is one line that calls a flow."""

from collections.abc import Iterator
from uuid import UUID

from eldercare.facility.v1.events_pb2 import StayChargeApproved

from kit.db.store import Session
from kit.messaging.subscriptions import Prefetch, on
from subsidy.payments.tables import Debt
from subsidy.replicas.tables import Elder, Organisation
from subsidy.settings import GROUP
from subsidy.stays import flows
from subsidy.stays.tables import StayCharge


def _of_charge(event: StayChargeApproved) -> Iterator[Prefetch]:
    yield Prefetch(StayCharge, UUID(event.charge_id))
    yield Prefetch(Elder, UUID(event.elder_id), required=True)
    yield Prefetch(Organisation, UUID(event.organisation_id), required=True)
    yield Prefetch(Debt, UUID(event.charge_id))


@on(StayChargeApproved, group=GROUP, prefetch=_of_charge)
async def approve(event: StayChargeApproved, session: Session) -> None:
    await flows.approve(session, event)
