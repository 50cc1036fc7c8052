"""What supervision stores of a finished visit: metres and minutes, never positions."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import Column, Index, SmallInteger
from sqlalchemy.dialects.postgresql import ARRAY
from sqlmodel import Field

from kit.db.tables import TableBase
from supervision.settlements.rules.verdict import State


class Settlement(TableBase, table=True):
    """The verdict on one finished visit."""

    __table_args__ = (
        Index("settlement_worker_ix", "worker_id", "checked_in_at"),
        Index("settlement_elder_ix", "elder_id", "checked_in_at"),
        Index("settlement_area_ix", "area_code", "settlement_id"),
        Index("settlement_organisation_ix", "organisation_id", "settlement_id"),
    )

    settlement_id: UUID = Field(primary_key=True)
    version: int = 0
    order_id: UUID = Field(unique=True)
    elder_id: UUID
    organisation_id: UUID
    worker_id: UUID
    area_code: str
    state: State
    doubts: list[int] = Field(
        sa_column=Column(ARRAY(SmallInteger), nullable=False), description="Doubt"
    )
    price_fen: int
    voucher_fen: int
    back_entry: bool = Field(default=False, description="told after its order had ended")
    verified: bool = False
    verified_by: str | None = Field(default=None, description="subject")
    decided_by: str | None = Field(default=None, description="subject; null: nobody had to")
    judged_at: datetime = Field(description="of the present state")
    approved_at: datetime | None = Field(
        default=None, description="of the first approval, where something held it afterwards"
    )
    dissatisfied: bool = Field(default=False, description="the follow-up's answer holds it")
    untrue: bool = Field(default=False, description="what the inspector saw holds it")
    appeal_until: datetime | None = Field(
        default=None, description="of a refused one, unless decided for good"
    )
    appealed_at: datetime | None = None
    appealed_by: str | None = Field(default=None, description="subject")
    statement: str = Field(default="", description="what the firm says")
    checked_in_at: datetime = Field(description="device")
    checked_out_at: datetime = Field(description="device")
