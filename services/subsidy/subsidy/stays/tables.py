"""What is stored of months of stays."""

from datetime import date
from uuid import UUID

from sqlalchemy import Index
from sqlmodel import Field

from kit.db.tables import TableBase


class StayCharge(TableBase, table=True):
    """What an approved month of a stay comes to, as the facility told it last."""

    __tablename__ = "stay_charge"
    __table_args__ = (Index("stay_charge_elder_id_ix", "elder_id", "month"),)

    charge_id: UUID = Field(primary_key=True)
    organisation_id: UUID
    elder_id: UUID
    area_code: str = Field(description="of the facility")
    month: str = Field(max_length=7)
    price_fen: int
    last_on: date | None = Field(default=None, description="last day of the stay in it")
    voucher_fen: int = Field(default=0, description="what a voucher pays of it, as it was told")
    anew_fen: int = Field(
        default=0,
        sa_column_kwargs={"server_default": "0"},
        description="paid again of what had come back of it",
    )
