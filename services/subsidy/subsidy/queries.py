"""What this service tells: only rows that the caller may see."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from eldercare.subsidy.v1 import api_pb2 as pb
from eldercare.subsidy.v1 import events_pb2 as said
from google.protobuf.message import Message
from sqlalchemy import ColumnElement, func
from sqlmodel import SQLModel, col, select

from kit.contracts import wire
from kit.contracts.refusals import NotFound
from kit.db.paging import page
from kit.db.store import Session
from kit.security import access
from kit.security.access import Caller, scoped
from subsidy.rules.kinds import Account
from subsidy.tables import Decision, Entitlement, LedgerEntry, Payment, Policy, Voucher

PAGE = 100  # rows, where the caller names no limit
AFTER = "page after"  # what the refusal of a wrong `after` has named since the first release


async def policies(session: Session, caller: Caller) -> pb.PolicyPage:
    """All versions; nothing in them belongs to anyone."""
    rows = (
        await session.exec(
            select(Policy).order_by(col(Policy.policy_code), col(Policy.policy_version))
        )
    ).all()
    return pb.PolicyPage(rows=[wire.message(said.Policy, row) for row in rows])


async def entitlement(
    session: Session, request: pb.GetEntitlement, caller: Caller
) -> pb.Entitlement:
    """One entitlement. Raises: NotFound, also for one outside the caller's scope."""
    return wire.message(pb.Entitlement, await _entitlement(session, request, caller))


async def explanation(
    session: Session, request: pb.GetEntitlement, caller: Caller
) -> pb.Explanation:
    """Why an entitlement is as it is: the newest decision, as it was frozen when it was made.
    Raises: NotFound.
    """
    found = await _entitlement(session, request, caller)
    asked = (
        select(Decision)
        .where(col(Decision.entitlement_id) == found.entitlement_id)
        .order_by(col(Decision.version).desc())
        .limit(1)
    )
    decision = (await session.exec(asked)).one()
    steps = [pb.Explanation.Step(**step) for step in decision.steps]
    return pb.Explanation(entitlement=wire.message(pb.Entitlement, found), steps=steps)


async def entitlements(
    session: Session, request: pb.ListEntitlements, caller: Caller
) -> pb.EntitlementPage:
    """A page of entitlements in the order of their ids, the oldest first."""
    asked = scoped(
        select(Entitlement), caller, area=Entitlement.area_code, person=Entitlement.elder_id
    )
    asked = asked.where(*_area(request, Entitlement.area_code))
    if request.HasField("elder_id"):
        asked = asked.where(col(Entitlement.elder_id) == UUID(request.elder_id))
    if request.HasField("policy_code"):
        asked = asked.where(col(Entitlement.policy_code) == request.policy_code)
    rows, last = await page(session, asked, Entitlement.entitlement_id, request, PAGE, kind=AFTER)
    return pb.EntitlementPage(rows=_told(pb.Entitlement, rows), next=last)


async def vouchers(session: Session, request: pb.ListVouchers, caller: Caller) -> pb.VoucherPage:
    """A page of vouchers in the order of their ids."""
    asked = scoped(select(Voucher), caller, area=Voucher.area_code, person=Voucher.elder_id).where(
        *_area(request, Voucher.area_code)
    )
    if request.HasField("elder_id"):
        asked = asked.where(col(Voucher.elder_id) == UUID(request.elder_id))
    if request.HasField("month"):
        asked = asked.where(col(Voucher.month) == request.month)
    rows, last = await page(session, asked, Voucher.voucher_id, request, PAGE, kind=AFTER)
    return pb.VoucherPage(rows=_told(pb.Voucher, rows), next=last)


async def payments(session: Session, request: pb.ListPayments, caller: Caller) -> pb.PaymentPage:
    """A page of payments in the order of their ids."""
    whose = {
        "area": Payment.area_code,
        "organisation": Payment.organisation_id,
        "person": Payment.elder_id,
    }
    asked = scoped(select(Payment), caller, **whose).where(*_area(request, Payment.area_code))
    if request.HasField("organisation_id"):
        asked = asked.where(col(Payment.organisation_id) == UUID(request.organisation_id))
    if request.HasField("month"):
        asked = asked.where(col(Payment.month) == request.month)
    rows, last = await page(session, asked, Payment.payment_id, request, PAGE, kind=AFTER)
    return pb.PaymentPage(rows=_told(said.PaymentMade, rows), next=last)


async def balance(session: Session, request: pb.GetBalance, caller: Caller) -> pb.TrialBalance:
    """Sums of debits and credits by account, of all that the caller sees or of one area in it.

    Raises: NotFound for an area outside the caller's.
    """
    if request.HasField("area_code"):
        access.check(caller, area=request.area_code, kind="area", key=request.area_code)
    sums: Any = select(
        LedgerEntry.account, func.sum(LedgerEntry.debit_fen), func.sum(LedgerEntry.credit_fen)
    )
    asked = scoped(sums, caller, area=LedgerEntry.area_code).where(
        *_area(request, LedgerEntry.area_code)
    )
    rows = (await session.exec(asked.group_by(col(LedgerEntry.account)))).all()
    found = {account: (int(debit), int(credit)) for account, debit, credit in rows}
    accounts = []
    for one in Account:
        debit_fen, credit_fen = found.get(one, (0, 0))
        accounts.append(
            pb.TrialBalance.Account(
                account=one.name.lower(), debit_fen=debit_fen, credit_fen=credit_fen
            )
        )
    return pb.TrialBalance(
        accounts=accounts,
        debit_fen=sum(one.debit_fen for one in accounts),
        credit_fen=sum(one.credit_fen for one in accounts),
        area_code=request.area_code or access.scope_of(caller, "area") or "",
    )


async def _entitlement(session: Session, request: pb.GetEntitlement, caller: Caller) -> Entitlement:
    asked = scoped(
        select(Entitlement), caller, area=Entitlement.area_code, person=Entitlement.elder_id
    )
    found = (
        await session.exec(
            asked.where(col(Entitlement.entitlement_id) == UUID(request.entitlement_id))
        )
    ).first()
    if found is None:
        raise NotFound(Entitlement, request.entitlement_id, field="entitlement_id")
    return found


def _area(request: Message, column: Any) -> list[ColumnElement[bool]]:
    if not request.HasField("area_code"):
        return []
    return [col(column).between(*access.area_range(request.area_code))]  # type: ignore[attr-defined]


def _told(kind: type[Any], rows: Sequence[SQLModel]) -> list[Any]:
    return [wire.message(kind, row) for row in rows]
