"""What callers read of claims: only rows that the caller may see."""

from uuid import UUID

from eldercare.subsidy.v1 import api_pb2 as pb
from sqlmodel import col, select

from kit.contracts import wire
from kit.contracts.refusals import NotFound
from kit.db.paging import page
from kit.db.store import Session
from kit.security.access import Caller, scoped
from subsidy.listing import AFTER, PAGE, in_area
from subsidy.recoveries.rules import RecoveryState
from subsidy.recoveries.tables import Recovery, Repayment


async def recovery(session: Session, request: pb.GetRecovery, caller: Caller) -> pb.Recovery:
    """One claim with what came back of it. Raises: NotFound."""
    wanted = (
        scoped(
            select(Recovery, Repayment),
            caller,
            area=Recovery.area_code,
            organisation=Recovery.organisation_id,
            person=Recovery.elder_id,
        )
        .join(Repayment, col(Repayment.recovery_id) == col(Recovery.recovery_id), isouter=True)
        .where(col(Recovery.recovery_id) == UUID(request.recovery_id))
        .order_by(col(Repayment.repayment_id))
    )
    rows = (await session.exec(wanted)).all()
    if not rows:
        raise NotFound("recovery", request.recovery_id)
    return shown(rows[0][0], *(repayment for _, repayment in rows if repayment))


async def recoveries(
    session: Session, request: pb.ListRecoveries, caller: Caller
) -> pb.RecoveryPage:
    """A page of claims in the order in which they were opened."""
    wanted = scoped(
        select(Recovery),
        caller,
        area=Recovery.area_code,
        organisation=Recovery.organisation_id,
        person=Recovery.elder_id,
    ).where(*in_area(request, Recovery.area_code))
    if request.HasField("organisation_id"):
        wanted = wanted.where(col(Recovery.organisation_id) == UUID(request.organisation_id))
    if request.HasField("state"):
        wanted = wanted.where(col(Recovery.state) == RecoveryState(request.state))
    rows, last = await page(session, wanted, Recovery.recovery_id, request, PAGE, kind=AFTER)
    return pb.RecoveryPage(rows=[shown(row) for row in rows], next=last)


def shown(row: Recovery, *repayments: Repayment) -> pb.Recovery:
    """A claim as callers read it."""
    return wire.message(
        pb.Recovery, row, repayments=[wire.message(pb.Repayment, one) for one in repayments]
    )
