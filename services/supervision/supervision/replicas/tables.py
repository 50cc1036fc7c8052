"""What supervision keeps of others' orders and workers."""

from uuid import UUID

from sqlmodel import Field

from kit.db.tables import TableBase


class Order(TableBase, table=True):
    """Replica: an order that somebody may complain about. The row is the lock under which its visit
    is judged and complaints about it are filed and closed.
    """

    __tablename__ = "visit_order"

    order_id: UUID = Field(primary_key=True)
    elder_id: UUID
    area_code: str
    organisation_id: UUID | None = Field(default=None, description="who was offered it last")
    open_complaints: int = Field(
        default=0, description="not read any more: complaints are counted where they stand"
    )
    complaint_upheld: bool = Field(default=False, description="one of them was right")


class Worker(TableBase, table=True):
    """Replica; the row is the lock under which a worker's visits are judged one after the other."""

    worker_id: UUID = Field(primary_key=True)
    version: int = 0
    organisation_id: UUID
