"""The double-entry ledger."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import BigInteger, CheckConstraint, Column, Identity, Index
from sqlmodel import Field

from kit.db.tables import TableBase
from subsidy.ledger.rules import Account


class LedgerEntry(TableBase, table=True):
    """One side of a movement of money. Append-only; the entries of one statement balance in each
    area, or PostgreSQL refuses them.
    """

    __tablename__ = "ledger_entry"
    __table_args__ = (
        CheckConstraint(
            "debit_fen >= 0 and credit_fen >= 0 and (debit_fen = 0) <> (credit_fen = 0)",
            name="one_side",
        ),
        Index(
            "ledger_entry_area_code_ix",
            "area_code",
            "account",
            postgresql_include=["debit_fen", "credit_fen"],
        ),
        Index("ledger_entry_document_ix", "document_id"),
    )

    entry_id: int | None = Field(
        default=None, sa_column=Column(BigInteger, Identity(always=True), primary_key=True)
    )
    account: Account
    area_code: str
    debit_fen: int
    credit_fen: int
    document: str = Field(description="name of the event that it books")
    document_id: UUID = Field(description="voucher, payment or recovery")
    booked_at: datetime
