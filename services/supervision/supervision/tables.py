"""What supervision remembers: orders, workers and verdicts; of a visit it knows metres and minutes,
never places.
"""

from datetime import datetime
from uuid import UUID

from sqlalchemy import Column, Index, SmallInteger
from sqlalchemy.dialects.postgresql import ARRAY
from sqlmodel import Field

from kit.db.tables import TableBase
from supervision.rules.verdict import State


class Order(TableBase, table=True):
    """An order that somebody may complain about."""

    __tablename__ = "visit_order"

    order_id: UUID = Field(primary_key=True)
    elder_id: UUID
    area_code: str
    organisation_id: UUID | None = Field(default=None, description="who was offered it last")


class Worker(TableBase, table=True):
    """Replica; the row is the lock under which a worker's visits are judged one after the other."""

    worker_id: UUID = Field(primary_key=True)
    version: int = 0
    organisation_id: UUID


class Settlement(TableBase, table=True):
    """The verdict on one finished visit."""

    __table_args__ = (
        Index("settlement_worker_ix", "worker_id", "checked_in_at"),
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
    verified: bool = False
    judged_at: datetime = Field(description="of the present state")
    checked_in_at: datetime = Field(description="device")
    checked_out_at: datetime = Field(description="device")


class Complaint(TableBase, table=True):
    """What somebody complained about, and until when it is to be closed."""

    __table_args__ = (
        Index("complaint_area_ix", "area_code", "complaint_id"),
        Index("complaint_organisation_ix", "organisation_id", "complaint_id"),
        Index("complaint_elder_ix", "elder_id", "complaint_id"),
    )

    complaint_id: UUID = Field(primary_key=True)
    version: int = 0
    order_id: UUID
    elder_id: UUID
    organisation_id: UUID
    area_code: str
    channel: int = Field(sa_type=SmallInteger)
    closed: bool = False
    due_at: datetime
    filed_at: datetime
