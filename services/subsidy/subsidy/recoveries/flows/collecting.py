"""What officials do about claims: raise them, record what came back, put them off, give them up."""

from datetime import date
from uuid import UUID

from eldercare.subsidy.v1 import api_pb2 as pb
from eldercare.subsidy.v1.events_pb2 import RecoveryDeferred, RecoveryRepaid, RecoveryWaived
from google.protobuf.message import Message

from kit.contracts import ids, wire
from kit.contracts.clock import day_start, local_day
from kit.contracts.refusals import NotFound, Outdated
from kit.db.store import Session
from kit.messaging.outbox import emit
from kit.runtime.timers import set_timer
from kit.security.access import Caller, check, has_interest
from subsidy.ledger.rules import Account
from subsidy.limits import limits
from subsidy.payments.rules import PaymentKind
from subsidy.payments.tables import Debt, Payment
from subsidy.policies.rules import Cause
from subsidy.recoveries import queries, rules
from subsidy.recoveries.errors import (
    NoDeferral,
    NotDue,
    NothingPaid,
    NotYetRepaid,
    OwnInterest,
    RaisedByYourself,
    TooMuchRepaid,
)
from subsidy.recoveries.flows import claiming
from subsidy.recoveries.flows.claiming import DEFERRED
from subsidy.recoveries.rules import RecoveryState
from subsidy.recoveries.tables import Recovery, Repayment


async def raise_claim(session: Session, request: pb.OpenRecovery, caller: Caller) -> pb.Recovery:
    """An official found that too much was paid. Raises: NotFound, NothingPaid."""
    payment_id = UUID(request.payment_id)
    if request.HasField("settlement_id"):
        recovery = await _raise_visit(session, request, payment_id, caller)
    else:
        recovery = await _raise_cash(session, request, payment_id, caller)
    return await _changed(session, recovery)


async def _raise_cash(
    session: Session, request: pb.OpenRecovery, payment_id: UUID, caller: Caller
) -> Recovery:
    payment = await session.get_locked(Payment, payment_id)
    check(caller, area=payment.area_code, kind="payment", key=request.payment_id)
    if payment.kind == PaymentKind.SETTLEMENT:
        raise NotFound("cash_payment", request.payment_id, field="payment_id")
    rest_fen = await claiming.claimable_fen(session, payment_id, payment.paid_fen)
    if request.claimed_fen > rest_fen:
        raise NothingPaid(claimable_fen=rest_fen)
    return claiming.claim_cash(
        session,
        payment,
        Cause.OFFICIAL,
        request.claimed_fen,
        raised_by=caller.subject,
        reason=request.reason,
    )


async def _raise_visit(
    session: Session, request: pb.OpenRecovery, payment_id: UUID, caller: Caller
) -> Recovery:
    debt = await session.get_locked(Debt, UUID(request.settlement_id))
    check(caller, area=debt.area_code, kind="settlement", key=request.settlement_id)
    if debt.payment_id != payment_id:
        raise NotFound("payment", request.payment_id, field="payment_id")
    rest_fen = await claiming.claimable_fen(
        session, payment_id, debt.captured_fen, debt.settlement_id
    )
    if request.claimed_fen > rest_fen:
        raise NothingPaid(claimable_fen=rest_fen)
    return await claiming.claim_visit(
        session,
        debt,
        payment_id,
        Cause.OFFICIAL,
        request.claimed_fen,
        raised_by=caller.subject,
        reason=request.reason,
    )


async def repay(session: Session, request: pb.RepayRecovery, caller: Caller) -> pb.Recovery:
    """All or a part of it came back. Raises: NotFound, NotDue, TooMuchRepaid, NotYetRepaid."""
    recovery = await _due(session, request, caller)
    if request.repaid_fen > recovery.outstanding_fen:
        raise TooMuchRepaid(
            recovery_id=recovery.recovery_id, outstanding_fen=recovery.outstanding_fen
        )
    if date.fromisoformat(request.repaid_on) > local_day(session.now):
        raise NotYetRepaid(repaid_on=request.repaid_on)
    repayment = wire.row(
        Repayment,
        request,
        repayment_id=ids.new(),
        recorded_by=caller.subject,
        recorded_at=session.now,
    )
    session.add(repayment)
    recovery.repaid_fen += request.repaid_fen
    if not recovery.outstanding_fen:
        claiming.end(session, recovery, RecoveryState.REPAID)
    event = wire.message(
        RecoveryRepaid,
        recovery,
        repaid_fen=request.repaid_fen,
        repaid_on=request.repaid_on,
        recorded_at=session.now,
    )
    await _emit(session, recovery, event)
    claiming.book(
        session, recovery, "RecoveryRepaid", Account.CLAIMS, Account.FUND, request.repaid_fen
    )
    return await _changed(session, recovery)


async def defer(session: Session, request: pb.DeferRecovery, caller: Caller) -> pb.Recovery:
    """It need not come back before a day. Raises: NotFound, NotDue, NoDeferral."""
    recovery = await _due(session, request, caller)
    today, until = local_day(session.now), date.fromisoformat(request.deferred_until)
    last_day = today + limits(today).longest_deferral
    if not today < until <= last_day:
        raise NoDeferral(last_day=last_day.isoformat())
    recovery.state = RecoveryState.DEFERRED
    recovery.deferred_until = until
    recovery.reason = request.reason
    set_timer(session, day_start(until), DEFERRED, request.recovery_id)
    event = wire.message(RecoveryDeferred, recovery, deferred_at=session.now)
    await _emit(session, recovery, event)
    return await _changed(session, recovery)


async def waive(session: Session, request: pb.WaiveRecovery, caller: Caller) -> pb.Recovery:
    """What is still to come back is given up, by another official than who raised it.

    Raises: NotFound, NotDue, OwnInterest, RaisedByYourself.
    """
    recovery = await _due(session, request, caller)
    whose = {"organisation": recovery.organisation_id, "person": recovery.elder_id}
    if has_interest(caller, **whose):
        raise OwnInterest(recovery_id=recovery.recovery_id)
    if recovery.raised_by == caller.subject:
        raise RaisedByYourself(recovery_id=recovery.recovery_id)
    waived_fen = recovery.outstanding_fen
    recovery.waived_fen += waived_fen
    recovery.reason = request.reason
    claiming.end(session, recovery, RecoveryState.WAIVED)
    event = wire.message(RecoveryWaived, recovery, waived_fen=waived_fen, waived_at=session.now)
    await _emit(session, recovery, event)
    claiming.book(session, recovery, "RecoveryWaived", Account.CLAIMS, Account.WAIVED, waived_fen)
    return await _changed(session, recovery)


async def resume(session: Session, recovery_id: UUID) -> None:
    """The day until which a claim was put off has come."""
    recovery = await session.get_locked(Recovery, recovery_id)
    if recovery.state == RecoveryState.DEFERRED:
        recovery.state = RecoveryState.OPEN


async def _due(
    session: Session,
    request: pb.RepayRecovery | pb.DeferRecovery | pb.WaiveRecovery,
    caller: Caller,
) -> Recovery:
    key, version = UUID(request.recovery_id), wire.version_read(request)
    recovery = await session.get_locked(Recovery, key)
    check(caller, area=recovery.area_code, kind="recovery", key=request.recovery_id)
    if version is not None and version != recovery.version:
        raise Outdated(version=recovery.version)
    if recovery.state not in rules.DUE:
        raise NotDue(recovery_id=recovery.recovery_id, state=recovery.state.name.lower())
    return recovery


async def _changed(session: Session, recovery: Recovery) -> pb.Recovery:
    await session.flush()  # which gives it its next version
    return queries.shown(recovery)


async def _emit(session: Session, recovery: Recovery, event: Message) -> None:
    payment = await session.get_locked(Payment, recovery.payment_id)
    emit(session, event, payment)
