"""Selects → replies; lists begin with the caller's scope."""

from uuid import UUID

from eldercare.facility.v1 import api_pb2 as api
from sqlmodel import col, select

from facility.charges.rules import ChargeState
from facility.charges.tables import StayCharge, StayFee
from facility.context import PAGE
from facility.facilities.tables import Facility
from kit.contracts import wire
from kit.contracts.refusals import NotFound
from kit.db.paging import page
from kit.db.store import Session
from kit.security import access
from kit.security.access import Caller


async def fees(session: Session, question: api.GetFacility, caller: Caller) -> api.StayFeePage:
    """The fees of a facility, the newest first. Raises: NotFound."""
    facility_id = UUID(question.facility_id)
    await session.get_seen(
        Facility, facility_id, caller, area="area_code", organisation="organisation_id"
    )
    wanted = access.scoped(
        select(StayFee), caller, area=StayFee.area_code, organisation=StayFee.organisation_id
    ).where(StayFee.facility_id == facility_id)
    rows = (await session.exec(wanted.order_by(col(StayFee.valid_from).desc()))).all()
    return api.StayFeePage(rows=[wire.message(api.StayFee, row) for row in rows])


async def charge(session: Session, question: api.GetStayCharge, caller: Caller) -> api.StayCharge:
    """One month of a stay. Raises: NotFound."""
    wanted = access.scoped(
        select(StayCharge),
        caller,
        area=StayCharge.area_code,
        organisation=StayCharge.organisation_id,
        person=StayCharge.elder_id,
    ).where(StayCharge.charge_id == UUID(question.charge_id))
    row = (await session.exec(wanted)).first()
    if row is None:
        raise NotFound("stay_charge", question.charge_id, field="charge_id")
    return wire.message(api.StayCharge, row)


async def charges(
    session: Session, question: api.ListStayCharges, caller: Caller
) -> api.StayChargePage:
    """A page of months of stays."""
    wanted = access.scoped(
        select(StayCharge),
        caller,
        area=StayCharge.area_code,
        organisation=StayCharge.organisation_id,
        person=StayCharge.elder_id,
    )
    if question.HasField("area_code"):
        inside = access.area_range(question.area_code)
        wanted = wanted.where(col(StayCharge.area_code).between(*inside))
    if question.HasField("facility_id"):
        wanted = wanted.where(StayCharge.facility_id == UUID(question.facility_id))
    if question.HasField("month"):
        wanted = wanted.where(StayCharge.month == question.month)
    if question.HasField("state"):
        wanted = wanted.where(StayCharge.state == ChargeState(question.state))
    rows, then = await page(session, wanted, StayCharge.charge_id, question, PAGE)
    return api.StayChargePage(rows=[wire.message(api.StayCharge, row) for row in rows], next=then)
