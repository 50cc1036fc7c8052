"""Pays: cash to elders month by month, debts to organisations week by week; one transaction per
chunk, each payment once.
"""

from collections import defaultdict
from collections.abc import Sequence
from datetime import date, timedelta
from typing import Any
from uuid import UUID

from eldercare.subsidy.v1.events_pb2 import PaymentMade

from kit.contracts import ids, wire
from kit.contracts.clock import day_start, local_day
from kit.db.store import Session
from kit.messaging.outbox import emit
from subsidy.flows.ledger import Move, book
from subsidy.rules.kinds import Account, PaymentKind

# $2: the last whole day before the pay day, $3: its end. What was decided later changes neither
# amount nor area; a decision of before the column was there has no amount, and the entitlement's is
# taken
_ENTITLED = """select entitlement_id, elder_id, coalesce(decided.area_code, entitlement.area_code) as area_code, policy_code,
        coalesce(decided.monthly_fen, entitlement.monthly_fen) as paid_fen
    from entitlement left join lateral (
        select decision.monthly_fen, facts ->> 'area_code' as area_code from decision
        where decision.entitlement_id = entitlement.entitlement_id and decided_at < $3 order by decision.version desc limit 1
    ) as decided on true
    where kind = 2 and ($1::uuid is null or entitlement_id > $1) and valid_from <= $2 and (valid_to is null or valid_to > $2)
    order by entitlement_id limit $4 for update of entitlement"""
_OWING = """select distinct debt.organisation_id, organisation.area_code from debt join organisation using (organisation_id)
    where payment_id is null and reversed_at is null and ($1::uuid is null or organisation_id > $1) order by 1 limit $2"""
_DEBTS = """select settlement_id, organisation_id, policy_code, month, area_code, captured_fen, due_on from debt
    where payment_id is null and reversed_at is null and organisation_id = any($1) order by organisation_id, settlement_id for update"""
_PAID = (
    "update debt set payment_id = paid.payment_id from unnest($1::uuid[], $2::uuid[]) as "
    "paid (settlement_id, payment_id)"
    " where debt.settlement_id = paid.settlement_id"
)
_PAY = """insert into payment (payment_id, kind, organisation_id, elder_id, entitlement_id, area_code, policy_code, month, paid_fen,
        settlements, due_on, paid_on, paid_at, version)
    select * from unnest($1::uuid[], $2::smallint[], $3::uuid[], $4::uuid[], $5::uuid[], $6::text[], $7::text[], $8::text[], $9::bigint[],
        $10::int[], $11::date[], $12::date[], $13::timestamptz[], $14::int[])
    on conflict (entitlement_id, month) where kind = 2 do nothing returning payment_id"""
_COLUMNS = (
    "payment_id",
    "kind",
    "organisation_id",
    "elder_id",
    "entitlement_id",
    "area_code",
    "policy_code",
    "month",
    "paid_fen",
    "settlements",
    "due_on",
    "paid_on",
    "paid_at",
    "version",
)


async def pay_cash(
    session: Session, month: str, pay_on: date, after: UUID | None, most: int
) -> tuple[UUID | None, int]:
    """Pays one month to the next entitlements that were in force when the pay day began, as much as
    they gave then.

    Both come from dated rows, so that a run that is late pays what a punctual one does. A death is
    the exception: who is known by now to have died before is not paid. Returns the last key looked
    at, None where there are no more; and how many were paid.
    """
    driver = await session.driver()
    rows = await driver.fetch(_ENTITLED, after, pay_on - timedelta(days=1), day_start(pay_on), most)
    payments = [
        _payment(
            session,
            PaymentKind.CASH,
            dict(row)
            | {"organisation_id": None, "settlements": 0, "month": month, "due_on": pay_on},
        )
        for row in rows
    ]
    paid = await _insert(session, payments)
    await book(
        session,
        *(
            Move(
                "PaymentMade",
                one["payment_id"],
                one["area_code"],
                Account.FUND,
                Account.PAID,
                one["paid_fen"],
            )
            for one in paid
        ),
    )
    return rows[-1]["entitlement_id"] if len(rows) == most else None, len(paid)


async def pay_debts(session: Session, after: UUID | None, most: int) -> tuple[UUID | None, int]:
    """Pays the next organisations all that is owed to them: one payment for each policy and month
    of vouchers.

    Returns the last organisation looked at, None where there are no more; and how many payments
    were made.
    """
    driver = await session.driver()
    owing = {
        row["organisation_id"]: row["area_code"] for row in await driver.fetch(_OWING, after, most)
    }
    debts: defaultdict[tuple[UUID, str, str], list[Any]] = defaultdict(list)
    for debt in await driver.fetch(_DEBTS, list(owing)):
        debts[debt["organisation_id"], debt["policy_code"], debt["month"]].append(debt)
    payments, moves, settled = [], [], []
    for (organisation_id, policy_code, month), owed in debts.items():
        payment = _payment(
            session,
            PaymentKind.SETTLEMENT,
            {
                "organisation_id": organisation_id,
                "elder_id": None,
                "entitlement_id": None,
                "area_code": owing[organisation_id],
                "policy_code": policy_code,
                "month": month,
                "paid_fen": sum(debt["captured_fen"] for debt in owed),
                "settlements": len(owed),
                "due_on": min(debt["due_on"] for debt in owed),
            },
        )
        payments.append(payment)
        settled += [(debt["settlement_id"], payment["payment_id"]) for debt in owed]
        moves += _paid(payment["payment_id"], owed)
    await _insert(session, payments)
    if settled:
        await driver.execute(_PAID, *(list(column) for column in zip(*settled, strict=True)))
    await book(session, *moves)
    return max(owing) if len(owing) == most else None, len(payments)


def _paid(payment_id: UUID, owed: Sequence[Any]) -> list[Move]:
    # money leaves the account where it was owed, so that each area balances by itself
    by_area: defaultdict[str, int] = defaultdict(int)
    for debt in owed:
        by_area[debt["area_code"]] += debt["captured_fen"]
    return [
        Move("PaymentMade", payment_id, area, Account.OWED, Account.PAID, amount)
        for area, amount in sorted(by_area.items())
    ]


def _payment(session: Session, kind: PaymentKind, row: dict[str, Any]) -> dict[str, Any]:
    return row | {
        "payment_id": ids.new(),
        "kind": kind,
        "paid_on": local_day(session.now),
        "paid_at": session.now,
        "version": 1,
    }


async def _insert(session: Session, payments: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """Writes and says payments; returns those that were not there before."""
    if not payments:
        return []
    driver = await session.driver()
    rows = await driver.fetch(_PAY, *([payment[name] for payment in payments] for name in _COLUMNS))
    new = {row["payment_id"] for row in rows}
    made = [payment for payment in payments if payment["payment_id"] in new]
    for payment in made:
        emit(session, wire.message(PaymentMade, payment), sequence=payment["version"])
    return made
