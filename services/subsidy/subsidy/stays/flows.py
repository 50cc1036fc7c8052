"""Lets the voucher of a month pay its share of that month of a stay, which is told once the month
is over: what of the voucher nobody used in its time is there for it.
"""

from typing import NamedTuple
from uuid import UUID

from eldercare.facility.v1.events_pb2 import StayChargeApproved
from eldercare.subsidy.v1.events_pb2 import StayChargeSettled
from sqlmodel import col, select

from kit.contracts import wire
from kit.contracts.clock import local_day
from kit.contracts.money import share_fen
from kit.db.store import Session
from kit.messaging.outbox import emit
from subsidy.entitlements.flows.courses import Beneficiary, Course
from subsidy.entitlements.tables import Entitlement
from subsidy.ledger.rules import Account
from subsidy.limits import limits
from subsidy.payments.flows.debts import pay_anew
from subsidy.payments.tables import Debt
from subsidy.policies import flows as policies
from subsidy.policies.rules import Cause
from subsidy.recoveries.flows import claiming, deaths
from subsidy.recoveries.tables import Recovery
from subsidy.replicas.flows import histories
from subsidy.replicas.tables import Elder
from subsidy.runs.rules import month_of
from subsidy.stays.tables import StayCharge
from subsidy.vouchers.flows.balance import use_again
from subsidy.vouchers.tables import Voucher


class _Use(NamedTuple):
    """A month of a stay, as what a part of a voucher pays for."""

    order_id: UUID
    settlement_id: UUID
    organisation_id: UUID


async def approve(session: Session, event: StayChargeApproved) -> None:
    """The office approved what a month comes to, or it has fewer days than it had then."""
    stated = wire.row(StayCharge, event)
    charge: StayCharge | None = await session.get(StayCharge, stated.charge_id)
    if charge is None:
        session.add(charge := stated)
    charge.price_fen, charge.last_on = stated.price_fen, stated.last_on
    await _settle(session, charge)


async def use_late(session: Session, voucher_id: UUID) -> None:
    """A voucher came after its month was over: what was approved of that month before is paid by
    it.
    """
    voucher = await session.get_locked(Voucher, voucher_id)
    wanted = (
        select(StayCharge)
        .where(col(StayCharge.elder_id) == voucher.elder_id, col(StayCharge.month) == voucher.month)
        .order_by(col(StayCharge.charge_id))
        .with_for_update()
    )
    for charge in (await session.exec(wanted)).all():
        if not charge.voucher_fen:
            await _settle(session, charge)


async def _settle(session: Session, charge: StayCharge) -> None:
    debt: Debt | None = await session.get(
        Debt, charge.charge_id, with_for_update=True, populate_existing=True
    )
    if debt is None or debt.reversed_at is not None:
        charge.voucher_fen = await _owe(session, charge, debt)
    elif debt.payment_id is None:
        charge.voucher_fen = await _owe_anew(session, charge, debt)
    else:
        charge.voucher_fen = await _right_payment(session, charge, debt, debt.payment_id)
    event = wire.message(StayChargeSettled, charge, settled_at=session.now)
    emit(session, event, sequence=0)


async def _owe(session: Session, charge: StayCharge, debt: Debt | None) -> int:
    """Owes what the best voucher of the month has for it; returns how much."""
    due, voucher = await _best(session, charge)
    if voucher is None:
        return 0
    use = _Use(charge.charge_id, charge.charge_id, charge.organisation_id)
    used_fen = use_again(session, voucher, use, due)
    today = local_day(session.now)
    due_on = today + limits(today).settlement_due
    if debt is None:
        debt = Debt(
            settlement_id=charge.charge_id,
            order_id=charge.charge_id,
            voucher_id=voucher.voucher_id,
            organisation_id=charge.organisation_id,
            area_code=voucher.area_code,
            policy_code=voucher.policy_code,
            month=voucher.month,
            captured_fen=used_fen,
            due_on=due_on,
            visited_on=charge.last_on,
            is_stay=True,
        )
        session.add(debt)
    else:
        debt.voucher_id, debt.captured_fen = voucher.voucher_id, used_fen
        debt.area_code, debt.policy_code = voucher.area_code, voucher.policy_code
        debt.due_on, debt.visited_on = due_on, charge.last_on
        debt.reversed_at = debt.reversed_for = None
    return used_fen


async def _owe_anew(session: Session, charge: StayCharge, debt: Debt) -> int:
    """Owes the share of what the month comes to now, which may be less or more than it was."""
    voucher = await session.get_locked(Voucher, debt.voucher_id)
    debt.visited_on = charge.last_on
    due_fen = _share(voucher, charge.price_fen)
    if due_fen < debt.captured_fen:
        await deaths.reverse(session, debt, await _cause(session, charge))
        return await _owe(session, charge, debt)
    await _owe_more(session, charge, debt, voucher, due_fen - debt.captured_fen)
    return debt.captured_fen


async def _owe_more(
    session: Session, charge: StayCharge, debt: Debt, voucher: Voucher, lacks_fen: int
) -> int:
    """Owes what the voucher still has of what is missing; returns how much."""
    elder: Elder | None = await session.get(Elder, charge.elder_id)
    if not lacks_fen or elder is None or not await _is_due(session, elder, voucher):
        return 0
    use = _Use(charge.charge_id, charge.charge_id, charge.organisation_id)
    used_fen = use_again(session, voucher, use, lacks_fen)
    debt.captured_fen += used_fen
    return used_fen


async def _right_payment(session: Session, charge: StayCharge, debt: Debt, payment_id: UUID) -> int:
    """Claims what was paid beyond the share of what the month comes to now, or pays what it lacks:
    what is claimed is claimed no more, and what had come back is paid anew. Returns what is paid.
    """
    voucher = await session.get_locked(Voucher, debt.voucher_id)
    debt.visited_on = charge.last_on
    claims = await claiming.claimed_of(session, charge.charge_id)
    paid_fen = debt.captured_fen + charge.anew_fen
    due_fen = _share(voucher, charge.price_fen)
    left_fen = paid_fen - claims.claimed_fen
    if left_fen > due_fen:
        cause = await _cause(session, charge)
        await claiming.claim_visit(session, debt, payment_id, cause, left_fen - due_fen)
        return due_fen
    # what an official claims or gives up stays
    lacks_fen = due_fen - (paid_fen - claims.missed_fen)
    if lacks_fen <= 0:
        return left_fen
    own = col(Recovery.settlement_id) == charge.charge_id
    given_fen = await claiming.claim_no_more(session, own, lacks_fen)
    again_fen = min(lacks_fen - given_fen, claims.repaid_fen - charge.anew_fen)
    if again_fen > 0:
        await pay_anew(session, debt, again_fen)
        charge.anew_fen += again_fen
        given_fen += again_fen
    more_fen = await _owe_more(session, charge, debt, voucher, lacks_fen - given_fen)
    if more_fen:
        await session.flush()
        await pay_anew(session, debt, more_fen, Account.OWED)
    return left_fen + given_fen + more_fen


async def _cause(session: Session, charge: StayCharge) -> Cause:
    elder = await session.get(Elder, charge.elder_id)
    return Cause.DEATH if elder and elder.died_on else Cause.SETTLEMENT


async def _best(session: Session, charge: StayCharge) -> tuple[int, Voucher | None]:
    """The voucher of the month that pays the most of it, and how much; none where none is due or
    nothing is left.
    """
    elder: Elder | None = await session.get(Elder, charge.elder_id)
    wanted = (
        select(Voucher)
        .where(col(Voucher.elder_id) == charge.elder_id, col(Voucher.month) == charge.month)
        .order_by(col(Voucher.voucher_id))
        .with_for_update()
        .execution_options(populate_existing=True)
    )
    best: tuple[int, Voucher | None] = 0, None
    for voucher in (await session.exec(wanted)).all():
        rest_fen = voucher.free_fen if voucher.lapsed_at is None else voucher.lapsed_fen
        pays = min(rest_fen, _share(voucher, charge.price_fen))
        if elder and pays > best[0] and await _is_due(session, elder, voucher):
            best = pays, voucher
    return best


def _share(voucher: Voucher, price_fen: int) -> int:
    terms = policies.terms(voucher.policy_code, voucher.policy_version)
    return share_fen(price_fen, terms.institution_share or 0)


async def _is_due(session: Session, elder: Elder, voucher: Voucher) -> bool:
    """Whether the month gives it, as far as is known today; what a release that kept no days gave
    stays.
    """
    if elder.dated_since and voucher.month < month_of(elder.dated_since):
        return True
    wanted = (
        select(Entitlement)
        .where(
            col(Entitlement.elder_id) == elder.elder_id,
            col(Entitlement.policy_code) == voucher.policy_code,
        )
        .order_by(col(Entitlement.valid_from))
    )
    own = (await session.exec(wanted)).all()
    history = (await histories(session, [elder]))[elder.elder_id]
    person = Beneficiary(elder, Course(voucher.policy_code, history), own)
    today = local_day(session.now)
    is_due = person.course.due_in(voucher.month, today) is not None
    return is_due and person.may_grant(voucher.month)
