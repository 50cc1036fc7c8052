"""What callers read of entitlements: only rows that the caller may see."""

from uuid import UUID

from eldercare.subsidy.v1 import api_pb2 as pb
from sqlmodel import col, select

from kit.contracts import wire
from kit.contracts.refusals import NotFound
from kit.db.store import Session
from kit.security.access import Caller, scoped
from subsidy.entitlements.tables import Decision, Entitlement
from subsidy.listing import in_area, page_of


async def entitlement(
    session: Session, request: pb.GetEntitlement, caller: Caller
) -> pb.Entitlement:
    """One entitlement. Raises: NotFound, also for one outside the caller's scope."""
    return wire.message(pb.Entitlement, await _entitlement(session, request, caller))


async def explanation(
    session: Session, request: pb.GetEntitlement, caller: Caller
) -> pb.Explanation:
    """Why an entitlement is as it is: the newest decision, as it was frozen when it was made.
    Raises: NotFound.
    """
    found = await _entitlement(session, request, caller)
    newest = (
        select(Decision)
        .where(col(Decision.entitlement_id) == found.entitlement_id)
        .order_by(col(Decision.version).desc())
        .limit(1)
    )
    decision = (await session.exec(newest)).one()
    steps = [wire.message(pb.Explanation.Step, step) for step in decision.steps]
    return pb.Explanation(entitlement=wire.message(pb.Entitlement, found), steps=steps)


async def entitlements(
    session: Session, request: pb.ListEntitlements, caller: Caller
) -> pb.EntitlementPage:
    """A page of entitlements in the order of their ids, the oldest first."""
    wanted = scoped(
        select(Entitlement), caller, area=Entitlement.area_code, person=Entitlement.elder_id
    )
    wanted = wanted.where(*in_area(request, Entitlement.area_code))
    if request.HasField("elder_id"):
        wanted = wanted.where(col(Entitlement.elder_id) == UUID(request.elder_id))
    if request.HasField("policy_code"):
        wanted = wanted.where(col(Entitlement.policy_code) == request.policy_code)
    rows, last = await page_of(session, pb.Entitlement, wanted, Entitlement.entitlement_id, request)
    return pb.EntitlementPage(rows=rows, next=last)


async def _entitlement(session: Session, request: pb.GetEntitlement, caller: Caller) -> Entitlement:
    wanted = scoped(
        select(Entitlement), caller, area=Entitlement.area_code, person=Entitlement.elder_id
    ).where(col(Entitlement.entitlement_id) == UUID(request.entitlement_id))
    found = (await session.exec(wanted)).first()
    if found is None:
        raise NotFound(Entitlement, request.entitlement_id, field="entitlement_id")
    return found
