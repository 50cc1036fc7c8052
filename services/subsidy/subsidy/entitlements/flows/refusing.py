"""Ends entitlements that elders do not want, and takes in that they want them after all."""

from uuid import UUID

from eldercare.subsidy.v1.api_pb2 import ReapplyForEntitlement, RefuseEntitlement
from eldercare.subsidy.v1.events_pb2 import EntitlementReapplied, EntitlementRefused

from kit.contracts import wire
from kit.contracts.clock import local_day
from kit.db.store import Session
from kit.messaging.outbox import emit
from kit.rpc.methods import Call
from subsidy.entitlements.errors import EntitlementNotOpen, EntitlementNotRefused
from subsidy.entitlements.flows.reviewing import review
from subsidy.entitlements.rules import State
from subsidy.entitlements.tables import Entitlement
from subsidy.replicas.tables import Elder
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


async def reapply(
    session: Session, command: ReapplyForEntitlement, call: Call
) -> EntitlementReapplied:
    """Decides again about a policy that the elder refused and wants after all; what it gives is a
    new entitlement.

    Raises: NotFound, EntitlementNotRefused.
    """
    key = UUID(command.entitlement_id)
    found = await session.get(Entitlement, key)
    # the elder's lock comes first, as in every review
    elder = await session.get_locked(Elder, found.elder_id) if found else None
    entitlement = await session.get_locked(Entitlement, key, call.caller)
    if entitlement.state != State.REFUSED or entitlement.reapplied_at is not None:
        raise EntitlementNotRefused(
            entitlement_id=entitlement.entitlement_id, state=entitlement.state.name.lower()
        )
    entitlement.reapplied_at = session.now
    event = wire.message(EntitlementReapplied, entitlement)
    emit(session, event, entitlement)
    await review(session, [elder] if elder else [])
    return event
