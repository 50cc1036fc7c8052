"""Kafka in: one line each that calls a flow."""

from uuid import UUID

from eldercare.subsidy.v1.events_pb2 import StayChargeSettled

from facility.charges import flows
from facility.charges.tables import StayCharge
from facility.context import GROUP
from kit.db.store import Session
from kit.messaging.subscriptions import Prefetch, on


@on(
    StayChargeSettled,
    group=GROUP,
    prefetch=lambda event: [Prefetch(StayCharge, UUID(event.charge_id), required=True)],
)
async def settle(event: StayChargeSettled, session: Session) -> None:
    await flows.settle(session, event)
