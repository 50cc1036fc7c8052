"""Judges finished visits, and lets inspectors decide on those that are held."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from eldercare.dispatch.v1.events_pb2 import OrderFinished
from eldercare.supervision.v1 import api_pb2 as pb
from eldercare.supervision.v1 import events_pb2 as events
from sqlmodel import or_, select

from kit.contracts import ids, standards, wire
from kit.contracts.clock import local_day
from kit.db.store import Session
from kit.messaging.outbox import emit
from kit.security.access import Caller, check, has_interest
from supervision.replicas.tables import Order
from supervision.settlements.errors import (
    AlreadyRefused,
    AlreadyVerified,
    NotHeld,
    OwnInterest,
    SecondDuty,
)
from supervision.settlements.flows import disputes
from supervision.settlements.rules import verdict
from supervision.settlements.rules.verdict import Doubt, State
from supervision.settlements.rules.visit import Limits, Visit
from supervision.settlements.tables import Settlement


@dataclass(frozen=True, slots=True)
class Separation:
    """Of standards/audit.yaml: whether one person does one duty in a case alone."""

    separate_duties: bool


_limits = standards.read("supervision", Limits, file="audit")
_separation = standards.read("supervision", Separation, file="audit")


async def judge(session: Session, event: OrderFinished) -> None:
    """Approves a finished visit that nothing speaks against, and holds any other. The worker's row
    must be locked.

    An earlier verdict stays, also where this visit shows that the worker was in two at once, or
    that the elder had two: the later one is held.
    """
    visit = _visit(event)
    worker_id, elder_id = UUID(event.worker_id), UUID(event.elder_id)
    await _lock_elder(session, elder_id)
    others = await _overlapping(session, worker_id, elder_id, visit)
    doubts = verdict.doubts(visit, others, _limits(local_day(session.now)))
    order = await session.get(Order, UUID(event.order_id))
    upheld = order is not None and order.complaint_upheld
    if upheld or await disputes.open_complaints(session, UUID(event.order_id)):
        doubts.append(Doubt.COMPLAINT)
    row = wire.row(
        Settlement,
        event,
        settlement_id=ids.new(),
        order_id=UUID(event.order_id),
        elder_id=elder_id,
        worker_id=worker_id,
        organisation_id=UUID(event.organisation_id),
        state=State.HELD if doubts else State.APPROVED,
        doubts=[int(doubt) for doubt in doubts],
        judged_at=session.now,
    )
    session.add(row)
    if doubts:
        emit(session, wire.message(events.SettlementHeld, row, held_at=session.now, ground=0), row)
    else:
        disputes.approve(session, row, automatic=True)


async def decide(session: Session, request: pb.DecideAudit, caller: Caller) -> pb.Settlement:
    """An inspector pays a held visit, or does not. Raises: NotFound, NotHeld, ComplaintOpen,
    OwnInterest, SecondDuty.
    """
    row = await _settlement(session, request.settlement_id, caller)
    if row.state != State.HELD:
        raise NotHeld(settlement_id=row.settlement_id)
    await disputes.check_no_complaint(session, row.order_id)
    _check_duty(session, row, row.verified_by, caller)
    if request.approve:
        row.decided_by = caller.subject
        disputes.pay(session, row)
    else:
        disputes.refuse(session, row, Doubt.INSPECTOR, caller.subject)
    return wire.message(pb.Settlement, row)


async def verify(
    session: Session, request: pb.VerifySettlement, caller: Caller
) -> events.SettlementVerified:
    """An inspector asked the elder; once per settlement. What was not true holds the visit, until
    another inspector decides. Raises: NotFound, Conflict.
    """
    row = await _settlement(session, request.settlement_id, caller)
    if row.state in (State.REFUSED, State.APPEALED):
        raise AlreadyRefused(settlement_id=row.settlement_id)
    if row.verified:
        raise AlreadyVerified(settlement_id=row.settlement_id)
    _check_duty(session, row, row.decided_by, caller)
    row.verified = True
    row.verified_by = caller.subject
    verified = wire.message(
        events.SettlementVerified, row, genuine=request.genuine, verified_at=session.now
    )
    emit(session, verified, row)
    if not request.genuine:
        row.untrue = True
        disputes.hold(session, row, Doubt.UNTRUE)
    return verified


def _check_duty(session: Session, row: Settlement, done_by: str | None, caller: Caller) -> None:
    """done_by: who did the other duty. Raises: OwnInterest, SecondDuty."""
    if has_interest(caller, organisation=row.organisation_id, person=row.elder_id):
        raise OwnInterest(settlement_id=row.settlement_id)
    if done_by == caller.subject and _separation(local_day(session.now)).separate_duties:
        raise SecondDuty(settlement_id=row.settlement_id)


def _visit(event: OrderFinished) -> Visit:
    fields = wire.fields(event)
    return Visit(
        checked_in_at=fields["checked_in_at"],
        checked_out_at=fields["checked_out_at"],
        planned_min=fields["planned_min"],
        served_min=fields["served_min"],
        check_in_m=fields.get("check_in_m"),
        check_out_m=fields.get("check_out_m"),
        previous_m=fields.get("previous_m"),
        previous_min=fields.get("previous_min"),
        next_m=fields.get("next_m"),
        next_min=fields.get("next_min"),
        outside_min=fields.get("outside_min"),
    )


async def _lock_elder(session: Session, elder_id: UUID) -> None:
    """Two visits at one elder are judged one after the other, or an overlap could pass unseen."""
    driver = await session.driver()
    await driver.execute(
        "select pg_advisory_xact_lock(hashtextextended($1, 0))", f"supervision/{elder_id}"
    )


async def _overlapping(
    session: Session, worker_id: UUID, elder_id: UUID, visit: Visit
) -> Sequence[tuple[datetime, datetime]]:
    """Check-in and check-out of the judged visits of the worker, and of those at the elder, that
    overlap this one.
    """
    query = select(Settlement.checked_in_at, Settlement.checked_out_at).where(
        or_(Settlement.worker_id == worker_id, Settlement.elder_id == elder_id),
        Settlement.checked_in_at < visit.checked_out_at,
        Settlement.checked_out_at > visit.checked_in_at,
    )
    return (await session.exec(query)).all()


async def _settlement(session: Session, settlement_id: str, caller: Caller) -> Settlement:
    row = await session.get_locked(Settlement, UUID(settlement_id))
    check(caller, area=row.area_code, kind="settlement", key=settlement_id)
    return row
