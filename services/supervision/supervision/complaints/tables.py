"""What supervision stores of a complaint."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import Index, SmallInteger
from sqlmodel import Field

from kit.db.tables import TableBase


class Complaint(TableBase, table=True):
    """What somebody complained about, and until when it is to be closed."""

    __table_args__ = (
        Index("complaint_area_ix", "area_code", "complaint_id"),
        Index("complaint_organisation_ix", "organisation_id", "complaint_id"),
        Index("complaint_elder_ix", "elder_id", "complaint_id"),
        Index("complaint_order_ix", "order_id"),
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
    filed_by: str | None = Field(default=None, description="subject")
