"""Declares fees, charges the months of stays that are over, decides about them, and receipts what
elders paid of them.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Annotated
from uuid import UUID

from eldercare.facility.v1 import api_pb2 as api
from eldercare.facility.v1 import events_pb2 as events
from eldercare.subsidy.v1.events_pb2 import StayChargeSettled
from sqlalchemy import or_
from sqlmodel import col, select

from facility.charges import rules
from facility.charges.errors import (
    DecidedAlready,
    FeeFixed,
    FeeTooEarly,
    MoreThanOwnShare,
    OwnInterest,
    ReasonMissing,
    ShareUnknown,
)
from facility.charges.rules import ChargeState, DaysOfMonth, FeeFrom, PartMonth
from facility.charges.tables import ShareReceipt, StayCharge, StayFee
from facility.days import day_of
from facility.facilities.errors import FacilityIsClosed
from facility.facilities.rules import FacilityStatus
from facility.facilities.tables import Facility
from facility.stays.flows import DAYS_CHANGED
from facility.stays.tables import Stay
from kit.contracts import ids, standards, wire
from kit.contracts.clock import day_start, local_day
from kit.contracts.decoding import by_name
from kit.contracts.money import share_fen
from kit.contracts.refusals import Outdated
from kit.db.store import Session
from kit.messaging.outbox import emit
from kit.runtime.timers import set_timer
from kit.security.access import Caller, has_interest


@dataclass(frozen=True, slots=True)
class Limits:
    """The numbers of standards/stays.yaml on a day.

    part_month: what a month costs of which the elder did not stay on all days.
    """

    part_month: Annotated[PartMonth, by_name(PartMonth)]


limits = standards.read("facility", Limits, file="stays")


async def declare(session: Session, command: api.DeclareStayFee, caller: Caller) -> api.StayFee:
    """Says what a month costs from a day on. Raises: FacilityIsClosed, FeeTooEarly, FeeFixed."""
    facility = await session.get_locked(Facility, UUID(command.facility_id), caller)
    if facility.status is not FacilityStatus.OPEN:
        raise FacilityIsClosed(facility_id=facility.facility_id)
    today = local_day(session.now)
    known = await _declared(session, facility.facility_id)
    earliest = today if known else today.replace(day=1)
    valid_from = day_of("valid_from", command.valid_from)
    if valid_from < earliest:
        raise FeeTooEarly(earliest=earliest.isoformat())
    if any(fee.valid_from == valid_from for fee in known):
        raise FeeFixed(valid_from=command.valid_from)
    row = wire.row(
        StayFee,
        command,
        organisation_id=facility.organisation_id,
        area_code=facility.area_code,
        declared_by=caller.subject,
        declared_at=session.now,
    )
    session.add(row)
    await _expect_charges(session, facility.facility_id)
    return wire.message(api.StayFee, row)


async def _declared(session: Session, facility_id: UUID) -> Sequence[StayFee]:
    """What a facility has declared, the oldest first."""
    wanted = select(StayFee).where(StayFee.facility_id == facility_id)
    return (await session.exec(wanted.order_by(col(StayFee.valid_from)))).all()


async def _expect_charges(session: Session, facility_id: UUID) -> None:
    """Who stays in this month is charged when it is over, whoever noted the stay."""
    today = local_day(session.now)
    wanted = select(Stay.stay_id).where(
        col(Stay.facility_id) == facility_id,
        or_(col(Stay.ended_on).is_(None), col(Stay.ended_on) > today.replace(day=1)),
    )
    for stay_id in (await session.exec(wanted)).all():
        set_timer(session, day_start(rules.month_after(today)), DAYS_CHANGED, str(stay_id))


async def charge(session: Session, stay_id: UUID) -> None:
    """Charges what is over of a stay by its fees; what was charged for days that it does not have
    any more is lowered. What a wrong death cut into several stays is charged as the first of them.
    """
    part = await session.get_locked(Stay, stay_id)
    stay = await session.get_locked(Stay, part.continues or stay_id)
    fees = [
        FeeFrom(fee.valid_from, fee.monthly_fen)
        for fee in await _declared(session, stay.facility_id)
    ]
    if not fees:
        return
    today = local_day(session.now)
    wanted = select(StayCharge).where(col(StayCharge.stay_id) == stay.stay_id).with_for_update()
    known = {row.month: row for row in (await session.exec(wanted)).all()}
    ended_on = await _ended_on(session, stay)
    over = {days.month: days for days in rules.months_over(stay.began_on, ended_on, today)}
    for month in sorted({*known, *over}):
        days = over.get(month) or DaysOfMonth(month, stay.began_on, stay.began_on)
        _charge_month(session, stay, known.get(month), days, fees)
    if ended_on is None or ended_on > today.replace(day=1):
        set_timer(session, day_start(rules.month_after(today)), DAYS_CHANGED, str(stay.stay_id))


async def _ended_on(session: Session, stay: Stay) -> date | None:
    """The first day after a stay and those that go on with it, each where the one before ended."""
    wanted = select(Stay).where(
        col(Stay.elder_id) == stay.elder_id,
        or_(col(Stay.stay_id) == stay.stay_id, col(Stay.continues) == stay.stay_id),
    )
    parts = (await session.exec(wanted)).all()
    ends = [one.ended_on for one in parts if one.ended_on != one.began_on]
    known = [end for end in ends if end is not None]
    return max(known, default=stay.began_on) if len(known) == len(ends) else None


def _charge_month(
    session: Session,
    stay: Stay,
    row: StayCharge | None,
    month: DaysOfMonth,
    fees: list[FeeFrom],
) -> None:
    days, price = rules.charged(fees, month, limits(month.first).part_month)
    price_fen = share_fen(1, price)
    last_on = month.end - timedelta(days=1) if days else None
    if row is None:
        if not days:
            return
        row = StayCharge(
            charge_id=ids.new(),
            stay_id=stay.stay_id,
            facility_id=stay.facility_id,
            organisation_id=stay.organisation_id,
            elder_id=stay.elder_id,
            area_code=stay.area_code,
            month=month.month,
            days=days,
            last_on=last_on,
            price_fen=price_fen,
            charged_at=session.now,
        )
        session.add(row)
    elif (row.days, row.price_fen) == (days, price_fen):
        return
    if price_fen > row.price_fen:
        # days came back that a wrong death had taken away: the office looks at it again
        row.state, row.voucher_fen = ChargeState.OPEN, None
    row.days, row.price_fen, row.last_on = days, price_fen, last_on
    emit(session, wire.message(events.StayCharged, row), row)
    if row.state is ChargeState.OPEN and not price_fen:
        # there is nothing left that somebody could decide
        row.state = ChargeState.APPROVED
    if row.state is ChargeState.APPROVED:
        _approved(session, row)


def _approved(session: Session, row: StayCharge) -> None:
    event = wire.message(
        events.StayChargeApproved,
        row,
        last_on=row.last_on.isoformat() if row.last_on else "",
        approved_at=session.now,
    )
    emit(session, event, row)


async def decide(
    session: Session, command: api.DecideOnStayCharge, caller: Caller
) -> api.StayCharge:
    """The office approves a month's charge or refuses it. Raises: DecidedAlready, Outdated,
    OwnInterest, ReasonMissing.
    """
    row = await session.get_locked(StayCharge, UUID(command.charge_id), caller)
    if has_interest(caller, organisation=row.organisation_id, person=row.elder_id):
        raise OwnInterest(charge_id=row.charge_id)
    _check_version(command, row)
    if row.state is not ChargeState.OPEN:
        raise DecidedAlready(charge_id=row.charge_id, state=row.state.name.lower())
    if not command.approve and not command.reason:
        raise ReasonMissing
    row.decided_by, row.reason = caller.subject, command.reason
    if command.approve:
        row.state = ChargeState.APPROVED
        _approved(session, row)
    else:
        row.state = ChargeState.REFUSED
        refused = wire.message(events.StayChargeRefused, row, refused_at=session.now)
        emit(session, refused, row)
    return wire.message(api.StayCharge, row)


async def settle(session: Session, event: StayChargeSettled) -> None:
    """The voucher's share is known, so the elder's is."""
    row = await session.get_locked(StayCharge, UUID(event.charge_id))
    row.voucher_fen = event.voucher_fen
    row.version += 1  # no event tells it, and who read the row before has read another


async def receipt(
    session: Session, command: api.ReceiptStayShare, caller: Caller
) -> api.StayCharge:
    """The home was paid by the elder. Raises: ImpossibleDay, MoreThanOwnShare, Outdated,
    ShareUnknown.
    """
    row = await session.get_locked(StayCharge, UUID(command.charge_id), caller)
    _check_version(command, row)
    day_of("received_on", command.received_on, latest=local_day(session.now))
    if row.own_fen is None:
        raise ShareUnknown(charge_id=row.charge_id)
    rest_fen = row.own_fen - row.received_fen
    if command.received_fen > rest_fen:
        raise MoreThanOwnShare(charge_id=row.charge_id, outstanding_fen=max(0, rest_fen))
    paid = wire.row(
        ShareReceipt,
        command,
        receipt_id=ids.new(),
        recorded_by=caller.subject,
        receipted_at=session.now,
    )
    session.add(paid)
    row.received_fen += command.received_fen
    event = wire.message(
        events.StayShareReceipted,
        row,
        receipt_id=paid.receipt_id,
        received_fen=command.received_fen,
        received_on=command.received_on,
        outstanding_fen=rest_fen - command.received_fen,
        receipted_at=session.now,
    )
    emit(session, event, row)
    return wire.message(api.StayCharge, row)


def _check_version(command: api.DecideOnStayCharge | api.ReceiptStayShare, row: StayCharge) -> None:
    version = wire.version_read(command)
    if version is not None and version != row.version:
        raise Outdated(version=row.version)
