"""Books movements of money: each leaves one account and enters another, in one area.

PostgreSQL refuses a statement whose entries do not balance per document and area.
"""

from typing import NamedTuple
from uuid import UUID

from kit.db.store import Session
from subsidy.rules.kinds import Account
from subsidy.tables import LedgerEntry

_BOOK = """insert into ledger_entry (account, area_code, debit_fen, credit_fen, document, document_id, booked_at)
    select side.account, area_code, side.debit_fen, side.credit_fen, document, document_id, $7
    from unnest($1::text[], $2::uuid[], $3::text[], $4::smallint[], $5::smallint[], $6::bigint[])
        as moved (document, document_id, area_code, source, target, amount_fen)
    cross join lateral (values (source, 0::bigint, amount_fen), (target, amount_fen, 0::bigint)) as side (account, debit_fen, credit_fen)"""


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
        for account, debit_fen, credit_fen in (
            (move.source, 0, move.amount_fen),
            (move.target, move.amount_fen, 0),
        ):
            session.add(
                LedgerEntry(
                    account=account,
                    area_code=move.area_code,
                    debit_fen=debit_fen,
                    credit_fen=credit_fen,
                    document=move.document,
                    document_id=move.document_id,
                    booked_at=session.now,
                )
            )


async def book(session: Session, *moves: Move) -> None:
    """Writes both sides of many movements at once, for runs that work on sets."""
    if moves:
        driver = await session.driver()
        await driver.execute(
            _BOOK, *(list(column) for column in zip(*moves, strict=True)), session.now
        )
