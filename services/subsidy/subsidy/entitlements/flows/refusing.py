"""Ends entitlements that elders do not want."""

from uuid import UUID

from eldercare.subsidy.v1.api_pb2 import RefuseEntitlement
from eldercare.subsidy.v1.events_pb2 import EntitlementRefused

from kit.contracts import wire
from kit.contracts.clock import local_day
from kit.db.store import Session
from kit.messaging.outbox import emit
from kit.rpc.methods import Call
from subsidy.entitlements.errors import EntitlementNotOpen
from subsidy.entitlements.rules import State
from subsidy.entitlements.tables import Entitlement
from subsidy.vouchers.flows.lapsing import end


async def refuse(session: Session, command: RefuseEntitlement, call: Call) -> EntitlementRefused:
    """Ends an entitlement that the elder does not want; what is free of its voucher is gone, what
    is held stays.

    Raises: NotFound, EntitlementNotOpen.
    """
    entitlement = await session.get_locked(Entitlement, UUID(command.entitlement_id), call.caller)
    if entitlement.state != State.OPEN:
        raise EntitlementNotOpen(
            entitlement_id=entitlement.entitlement_id, state=entitlement.state.name.lower()
        )
    entitlement.state = State.REFUSED
    entitlement.valid_to = max(local_day(session.now), entitlement.valid_from)
    event = wire.message(EntitlementRefused, entitlement, refused_at=session.now)
    emit(session, event, entitlement)
    await end(session, entitlement.entitlement_id)
    return event
