"""The firm of a refused visit appeals once; another person decides (申诉)."""

from uuid import UUID

from eldercare.supervision.v1 import api_pb2 as pb
from eldercare.supervision.v1 import events_pb2 as events

from kit.contracts import wire
from kit.db.store import Session
from kit.messaging.outbox import emit
from kit.runtime.timers import cancel_timer
from kit.security.access import Caller, check, has_interest
from supervision.settlements.errors import (
    AppealedBefore,
    AppealTooLate,
    DecidedByYourself,
    NotAppealed,
    NotRefused,
    OwnInterest,
)
from supervision.settlements.flows import disputes
from supervision.settlements.rules.verdict import State
from supervision.settlements.tables import Settlement


async def appeal(session: Session, request: pb.AppealSettlement, caller: Caller) -> pb.Settlement:
    """The firm wants a refused visit paid. Raises: NotFound, NotRefused, AppealedBefore,
    AppealTooLate.
    """
    row = await session.get_locked(Settlement, UUID(request.settlement_id))
    check(caller, organisation=row.organisation_id, kind="settlement", key=request.settlement_id)
    if row.appealed_at is not None:
        raise AppealedBefore(settlement_id=row.settlement_id)
    if row.state != State.REFUSED:
        raise NotRefused(settlement_id=row.settlement_id)
    if row.appeal_until is None or session.now >= row.appeal_until:
        raise AppealTooLate(settlement_id=row.settlement_id)
    row.state = State.APPEALED
    row.judged_at = row.appealed_at = session.now
    row.appealed_by = caller.subject
    row.statement = request.statement
    cancel_timer(session, disputes.TERM, str(row.settlement_id))
    emit(session, wire.message(events.SettlementAppealed, row), row)
    return wire.message(pb.Settlement, row)


async def decide(session: Session, request: pb.DecideOnAppeal, caller: Caller) -> pb.Settlement:
    """The visit is paid after all, or not for good; by somebody who had no part in it.

    Raises: NotFound, NotAppealed, OwnInterest, DecidedByYourself, ComplaintOpen.
    """
    row = await session.get_locked(Settlement, UUID(request.settlement_id))
    check(caller, area=row.area_code, kind="settlement", key=request.settlement_id)
    if row.state != State.APPEALED:
        raise NotAppealed(settlement_id=row.settlement_id)
    if has_interest(caller, organisation=row.organisation_id, person=row.elder_id):
        raise OwnInterest(settlement_id=row.settlement_id)
    if caller.subject in (row.decided_by, row.verified_by, row.appealed_by):
        raise DecidedByYourself(settlement_id=row.settlement_id)
    await disputes.check_no_complaint(session, row.order_id)
    row.decided_by = caller.subject
    row.appeal_until = None
    if request.allow:
        disputes.pay(session, row)
    else:
        _close(session, row)
    return wire.message(pb.Settlement, row)


async def end_term(session: Session, settlement_id: UUID) -> None:
    """No appeal came in its term: the refusal is for good."""
    row = await session.get_locked(Settlement, settlement_id)
    if row.state == State.REFUSED and row.appeal_until and row.appeal_until <= session.now:
        row.appeal_until = None
        _close(session, row)


def _close(session: Session, row: Settlement) -> None:
    row.state = State.REFUSED
    row.judged_at = session.now
    closed = wire.message(
        events.SettlementClosed,
        row,
        appealed=row.appealed_at is not None,
        closed_at=session.now,
    )
    emit(session, closed, row)
