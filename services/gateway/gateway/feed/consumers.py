"""Appends every event that organisations may read."""

from eldercare.dispatch.v1 import events_pb2 as dispatch
from eldercare.facility.v1 import events_pb2 as facility
from eldercare.subsidy.v1 import events_pb2 as subsidy
from eldercare.supervision.v1 import events_pb2 as supervision

from gateway.feed import flows
from gateway.feed.flows import OrganisationEvent
from kit.db.store import Session
from kit.messaging.subscriptions import Fact, on_batch


@on_batch(
    dispatch.OrderAssigned,
    dispatch.OrderAccepted,
    dispatch.OrderDeclined,
    dispatch.OrderStarted,
    dispatch.OrderFinished,
    dispatch.OrderCancelled,
    dispatch.BackEntryFiled,
    dispatch.BackEntryDecided,
    dispatch.ShareReceipted,
    dispatch.ShareRefunded,
    supervision.SettlementHeld,
    supervision.SettlementApproved,
    supervision.SettlementRefused,
    supervision.SettlementReleased,
    supervision.SettlementAppealed,
    supervision.SettlementClosed,
    facility.StayCharged,
    facility.StayChargeApproved,
    facility.StayChargeRefused,
    facility.StayShareReceipted,
    subsidy.StayChargeSettled,
    subsidy.RecoveryOpened,
    subsidy.RecoveryRepaid,
    subsidy.RecoveryDeferred,
    subsidy.RecoveryWaived,
    subsidy.RecoveryWithdrawn,
    group="gateway",
)
async def append(events: list[tuple[OrganisationEvent, Fact]], session: Session) -> None:
    """Gives each event of an organisation the next position."""
    await flows.append(session, events)
