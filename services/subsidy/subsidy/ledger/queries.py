"""What callers read of the ledger: only rows that the caller may see."""

from eldercare.subsidy.v1 import api_pb2 as pb
from sqlalchemy import func
from sqlmodel import col, select

from kit.db.store import Session
from kit.security import access
from kit.security.access import Caller, scoped
from subsidy.ledger.rules import Account
from subsidy.ledger.tables import LedgerEntry
from subsidy.listing import in_area


async def balance(session: Session, request: pb.GetBalance, caller: Caller) -> pb.TrialBalance:
    """Sums of debits and credits by account, of all that the caller sees or of one area in it.

    Raises: NotFound for an area outside the caller's.
    """
    if request.HasField("area_code"):
        access.check(caller, area=request.area_code, kind="area", key=request.area_code)
    sums = select(
        LedgerEntry.account,
        func.sum(LedgerEntry.debit_fen),
        func.sum(LedgerEntry.credit_fen),
    )
    wanted = scoped(sums, caller, area=LedgerEntry.area_code)
    wanted = wanted.where(*in_area(request, LedgerEntry.area_code))
    rows = (await session.exec(wanted.group_by(col(LedgerEntry.account)))).all()
    found = {account: (int(debit), int(credit)) for account, debit, credit in rows}
    accounts = []
    for account in Account:
        debit_fen, credit_fen = found.get(account, (0, 0))
        accounts.append(
            pb.TrialBalance.Account(
                account=account.name.lower(), debit_fen=debit_fen, credit_fen=credit_fen
            )
        )
    return pb.TrialBalance(
        accounts=accounts,
        debit_fen=sum(one.debit_fen for one in accounts),
        credit_fen=sum(one.credit_fen for one in accounts),
        area_code=request.area_code or access.area_of(caller) or "",
    )
