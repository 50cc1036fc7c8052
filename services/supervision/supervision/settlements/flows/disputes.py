"""What is learnt after a visit was judged holds it again, releases it, or refuses it: a complaint,
the answer to a follow-up, what an inspector saw.
"""

from dataclasses import dataclass, field
from datetime import timedelta
from uuid import UUID

from eldercare.dispatch.v1.events_pb2 import OrderFollowedUp
from eldercare.supervision.v1 import events_pb2 as events
from sqlalchemy import Boolean, Uuid, column, func, table
from sqlmodel import col, select

from kit.contracts import standards, wire
from kit.contracts.clock import day_start, local_day
from kit.contracts.standards import key
from kit.db.store import Session
from kit.messaging.outbox import emit
from kit.runtime.timers import set_timer
from supervision.replicas.tables import Order
from supervision.settlements.errors import ComplaintOpen
from supervision.settlements.rules.verdict import Doubt, State
from supervision.settlements.tables import Settlement

# complaints know settlements, and not the other way round: two columns are all it takes
_COMPLAINT = table("complaint", column("order_id", Uuid()), column("closed", Boolean()))
TERM = "appeal-term"  # timer: a refused settlement is appealed against no more


@dataclass(frozen=True, slots=True)
class Terms:
    """Of standards/audit.yaml. appeal: whole days after the day of the refusal."""

    appeal: timedelta = field(metadata=key("appeal_days"))


_terms = standards.read("supervision", Terms, file="audit")


async def settlement_of(session: Session, order_id: UUID) -> Settlement | None:
    """The settlement of an order's visit, locked; None before the visit was judged."""
    query = (
        select(Settlement)
        .where(col(Settlement.order_id) == order_id)
        .with_for_update()
        .execution_options(populate_existing=True)
    )
    row = (await session.exec(query)).first()
    if row is not None:
        session.holds(row)
    return row


async def follow_up(session: Session, event: OrderFollowedUp) -> None:
    """The elder was called: the last answer counts. Nobody's answer says nothing."""
    row = await settlement_of(session, UUID(event.order_id))
    if row is None or not event.reached:
        return
    row.dissatisfied = not event.satisfied
    if row.dissatisfied:
        hold(session, row, Doubt.FOLLOW_UP)
    else:
        await release(session, row)


async def open_complaints(session: Session, order_id: UUID) -> int:
    """How many complaints about an order are open. The order's row is the lock of all that change
    it.

    They are counted where they stand: a count beside them drifts while a release that does not know
    it files complaints too.
    """
    wanted = (
        select(func.count())
        .select_from(_COMPLAINT)
        .where(_COMPLAINT.c.order_id == order_id, ~_COMPLAINT.c.closed)
    )
    return int((await session.exec(wanted)).one())


async def check_no_complaint(session: Session, order_id: UUID) -> None:
    """Nobody decides while somebody complains. Raises: ComplaintOpen."""
    if count := await open_complaints(session, order_id):
        raise ComplaintOpen(order_id=order_id, open_complaints=count)


async def complaint_filed(session: Session, order: Order) -> None:
    """Somebody complains about the order, whose row must be locked."""
    row = await settlement_of(session, order.order_id)
    if row is not None:
        hold(session, row, Doubt.COMPLAINT)


async def complaint_closed(session: Session, order: Order, upheld: bool, closed_by: str) -> None:
    """A complaint about the order, whose row must be locked, was right or not."""
    row = await settlement_of(session, order.order_id)
    if row is None:
        return
    if upheld and row.state in (State.HELD, State.APPROVED):
        refuse(session, row, Doubt.COMPLAINT, closed_by)
    elif not upheld:
        await release(session, row)


def hold(session: Session, row: Settlement, ground: Doubt) -> None:
    """Nothing is paid for a visit before the ground is gone, or what was paid is claimed back; one
    that is refused stays so. The row must be locked.
    """
    if row.state not in (State.HELD, State.APPROVED):
        return
    if row.state == State.APPROVED:
        row.approved_at = row.approved_at or row.judged_at
        row.state = State.HELD
        row.judged_at = session.now
    row.doubts = sorted({*row.doubts, int(ground)})
    held = wire.message(events.SettlementHeld, row, held_at=session.now, ground=int(ground))
    emit(session, held, row)


async def release(session: Session, row: Settlement) -> None:
    """A ground is gone; an approved visit that nothing holds any more is to be paid after all. The
    row must be locked.
    """
    if row.state != State.HELD or not row.approved_at or row.dissatisfied or row.untrue:
        return
    if not await open_complaints(session, row.order_id):
        pay(session, row)


def pay(session: Session, row: Settlement) -> None:
    """It is decided that a visit is to be paid. The row must be locked."""
    row.dissatisfied = row.untrue = False
    if row.approved_at is None:
        approve(session, row, automatic=False)
        return
    row.state = State.APPROVED
    row.judged_at = session.now
    emit(session, wire.message(events.SettlementReleased, row, released_at=session.now), row)


def approve(session: Session, row: Settlement, *, automatic: bool) -> None:
    """A visit is to be paid, for the first time. The row must be locked, or new."""
    row.state = State.APPROVED
    row.judged_at = session.now
    approved = wire.message(
        events.SettlementApproved,
        row,
        automatic=automatic,
        approved_at=session.now,
        visited_on=local_day(row.checked_in_at),
    )
    emit(session, approved, row)


def refuse(session: Session, row: Settlement, ground: Doubt, decided_by: str) -> None:
    """It is decided that a visit is not paid, unless its firm appeals and is right. The row must be
    locked.
    """
    today = local_day(session.now)
    row.state = State.REFUSED
    row.judged_at = session.now
    row.decided_by = decided_by
    row.doubts = sorted({*row.doubts, int(ground)})
    row.appeal_until = day_start(today + _terms(today).appeal + timedelta(days=1))
    set_timer(session, row.appeal_until, TERM, str(row.settlement_id))
    emit(session, wire.message(events.SettlementRefused, row, refused_at=session.now), row)
