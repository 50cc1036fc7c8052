"""Gives vouchers: at the opening of an entitlement, month by month, and ahead for an order of the
next month.
"""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from eldercare.subsidy.v1.events_pb2 import VoucherIssued
from sqlmodel import col, select

from kit.contracts import ids, wire
from kit.contracts.clock import local_day
from kit.db.store import Session
from kit.messaging.outbox import emit
from subsidy.flows import eligibility
from subsidy.flows.ledger import Move, book, enter
from subsidy.rules import calendar
from subsidy.rules.kinds import Account, Kind, State
from subsidy.tables import Elder, Entitlement, Result, Voucher

_ISSUE = """insert into voucher (voucher_id, entitlement_id, elder_id, area_code, policy_code, policy_version, issued_fen,
        month, reserved_fen, captured_fen, lapsed_fen, version)
    select issued.*, $8, 0, 0, 0, 1
    from unnest($1::uuid[], $2::uuid[], $3::uuid[], $4::text[], $5::text[], $6::date[], $7::bigint[]) as issued
    on conflict (elder_id, month, policy_code) do nothing returning voucher_id"""
_COLUMNS = (
    "voucher_id",
    "entitlement_id",
    "elder_id",
    "area_code",
    "policy_code",
    "policy_version",
    "issued_fen",
)


async def issue_again(session: Session, entitlement: Entitlement) -> None:
    """Issues the present month's voucher to somebody who was entitled before, unless an earlier
    entitlement has given one.
    """
    month = calendar.month_of(local_day(session.now))
    known = select(Voucher.voucher_id).where(
        col(Voucher.elder_id) == entitlement.elder_id,
        col(Voucher.policy_code) == entitlement.policy_code,
        col(Voucher.month) == month,
    )
    if not (await session.exec(known)).first():
        issue(session, entitlement)


def issue(session: Session, entitlement: Entitlement) -> None:
    """Issues the present month's voucher of a new entitlement."""
    voucher = Voucher(
        voucher_id=ids.new(),
        entitlement_id=entitlement.entitlement_id,
        elder_id=entitlement.elder_id,
        area_code=entitlement.area_code,
        policy_code=entitlement.policy_code,
        policy_version=entitlement.policy_version,
        month=calendar.month_of(local_day(session.now)),
        issued_fen=entitlement.monthly_fen,
    )
    session.add(voucher)
    emit(session, wire.message(VoucherIssued, voucher, issued_at=session.now), voucher)
    enter(
        session,
        Move(
            "VoucherIssued",
            voucher.voucher_id,
            voucher.area_code,
            Account.FUND,
            Account.ISSUED,
            voucher.issued_fen,
        ),
    )


async def issue_many(session: Session, entitled: Sequence[dict[str, Any]], month: str) -> int:
    """Issues a month's vouchers, one for each person and policy that has none; returns how many.

    entitled: columns of vouchers but their ids.
    """
    if not entitled:
        return 0
    driver = await session.driver()
    vouchers = [row | {"voucher_id": ids.new(), "month": month} for row in entitled]
    kept = await driver.fetch(
        _ISSUE, *([voucher[name] for voucher in vouchers] for name in _COLUMNS), month
    )
    new = {row["voucher_id"] for row in kept}
    issued = [voucher for voucher in vouchers if voucher["voucher_id"] in new]
    for voucher in issued:
        emit(session, wire.message(VoucherIssued, voucher, issued_at=session.now), sequence=1)
    await book(
        session,
        *(
            Move(
                "VoucherIssued",
                one["voucher_id"],
                one["area_code"],
                Account.FUND,
                Account.ISSUED,
                one["issued_fen"],
            )
            for one in issued
        ),
    )
    return len(issued)


async def issue_ahead(session: Session, elder_id: UUID, month: str) -> None:
    """Issues the next month's voucher before its run, to somebody who is entitled on that month's
    first day as far as is known now.

    Any other month gets nothing. What the run finds issued stays as it is.
    """
    if month != calendar.month_after(calendar.month_of(local_day(session.now))):
        return
    # the lock of the entitlement orders this with a death or a refusal, which end its vouchers
    asked = select(Entitlement).where(
        col(Entitlement.elder_id) == elder_id,
        col(Entitlement.kind) == Kind.VOUCHER,
        col(Entitlement.state) == State.OPEN,
    )
    opened = (
        await session.exec(asked.order_by(col(Entitlement.entitlement_id)).with_for_update())
    ).all()
    elder = await session.get(Elder, elder_id) if opened else None
    if elder is None:
        return
    results = (await session.exec(select(Result).where(col(Result.elder_id) == elder_id))).all()
    facts = eligibility.facts_on(elder, results, calendar.first_day(month))
    entitled = []
    for one in opened:
        terms, verdict = eligibility.verdict_on(one.policy_code, facts)
        if terms and verdict.entitled:
            entitled.append(
                one.model_dump(include={"entitlement_id", "elder_id", "area_code", "policy_code"})
                | {
                    "policy_version": terms.policy_version,
                    "issued_fen": verdict.monthly_fen,
                }
            )
    await issue_many(session, entitled, month)
