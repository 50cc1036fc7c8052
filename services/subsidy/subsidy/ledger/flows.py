"""Books movements of money: each leaves one account and enters another, in one area.

PostgreSQL refuses a statement whose entries do not balance per document and area.
"""

from typing import NamedTuple
from uuid import UUID

from kit.db.store import Session
from subsidy.ledger.rules import Account
from subsidy.ledger.tables import LedgerEntry

_BOOK = """
insert into ledger_entry (
    account, area_code, debit_fen, credit_fen, document, document_id, booked_at)
select side.account, area_code, side.debit_fen, side.credit_fen, document, document_id, $7
from unnest($1::text[], $2::uuid[], $3::text[], $4::smallint[], $5::smallint[], $6::bigint[])
    as moved (document, document_id, area_code, source, target, amount_fen)
cross join lateral (
    values (source, 0::bigint, amount_fen), (target, amount_fen, 0::bigint)
) as side (account, debit_fen, credit_fen)
"""


class Move(NamedTuple):
    """amount_fen leaves `source` and enters `target`. document: the event that it books.
    document_id: voucher, payment or recovery.
    """

    document: str
    document_id: UUID
    area_code: str
    source: Account
    target: Account
    amount_fen: int


def enter(session: Session, *moves: Move) -> None:
    """Adds both sides of each movement to what the next flush writes; pairs stay together, so its
    statements balance too.
    """
    for move in moves:
        session.add(_side(session, move, move.source, credit_fen=move.amount_fen))
        session.add(_side(session, move, move.target, debit_fen=move.amount_fen))


def _side(
    session: Session, move: Move, account: Account, *, debit_fen: int = 0, credit_fen: int = 0
) -> LedgerEntry:
    return LedgerEntry(
        account=account,
        area_code=move.area_code,
        debit_fen=debit_fen,
        credit_fen=credit_fen,
        document=move.document,
        document_id=move.document_id,
        booked_at=session.now,
    )


async def book(session: Session, *moves: Move) -> None:
    """Writes both sides of many movements at once, for runs that work on sets."""
    if not moves:
        return
    driver = await session.driver()
    columns = [list(column) for column in zip(*moves, strict=True)]
    await driver.execute(_BOOK, *columns, session.now)
