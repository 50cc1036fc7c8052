"""What proofs store."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import BigInteger, Index, Text
from sqlmodel import Field

from kit.db.tables import TableBase


class Proof(TableBase, table=True):
    """The counts of a month, recounted from the archive by other means, compared with those
    shown.
    """

    __tablename__ = "proof"
    __table_args__ = (Index("proof_month_ix", "month", "proved_at"),)

    proof_id: UUID = Field(primary_key=True)
    area_code: str = Field(sa_type=Text)
    month: int
    figures: int = Field(description="figures compared")
    events: int = Field(sa_type=BigInteger, description="events of the archive that were read")
    proved_at: datetime = Field(description="business instant")


class Difference(TableBase, table=True):
    """A figure whose two values are not the same."""

    __tablename__ = "difference"

    proof_id: UUID = Field(primary_key=True, foreign_key="proof.proof_id")
    code: str = Field(sa_type=Text, primary_key=True)
    area_code: str = Field(sa_type=Text, primary_key=True)
    shown_numerator: int = Field(sa_type=BigInteger)
    shown_denominator: int = Field(sa_type=BigInteger)
    recomputed_numerator: int = Field(sa_type=BigInteger)
    recomputed_denominator: int = Field(sa_type=BigInteger)
