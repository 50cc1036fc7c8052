"""What dispatch remembers: orders, who turned them down, and what it has heard of others."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, Column, Index, SmallInteger, text
from sqlalchemy.dialects.postgresql import ARRAY
from sqlmodel import Field

from dispatch.rules.orders import State
from dispatch.sealed import CONTACT, PLACE
from kit.db.columns import sealed
from kit.db.tables import TableBase


class Elder(TableBase, table=True):
    """Replica: who may be visited."""

    elder_id: UUID = Field(primary_key=True)
    version: int = 0
    area_code: str
    living: int = Field(sa_type=SmallInteger, description="Elder.Living")
    status: int = Field(sa_type=SmallInteger, description="Elder.Status")


class Organisation(TableBase, table=True):
    """Replica: who sends workers, and from where."""

    organisation_id: UUID = Field(primary_key=True)
    version: int = 0
    area_code: str
    home_services: bool
    lon: float
    lat: float
    status: int = Field(sa_type=SmallInteger, description="Organisation.Status")


class Worker(TableBase, table=True):
    """Replica: who can do what, and when."""

    __table_args__ = (Index("worker_area_ix", "area_code"),)

    worker_id: UUID = Field(primary_key=True)
    version: int = 0
    organisation_id: UUID
    area_code: str
    skills: list[int] = Field(
        sa_column=Column(ARRAY(SmallInteger), nullable=False), description="Help"
    )
    shift_from_min: int = Field(description="minutes after local midnight")
    shift_to_min: int = Field(description="minutes after local midnight")
    status: int = Field(sa_type=SmallInteger, description="Worker.Status")


class Order(TableBase, table=True):
    """A visit from its order to its end.

    The order bears the elder's contact as the register has it until the visit begins; all personal
    columns are sealed.
    """

    __tablename__ = "visit_order"
    __table_args__ = (
        CheckConstraint("wanted_from < wanted_to", name="window"),
        CheckConstraint("(state in (1, 2)) = (worker_id is null) or state = 7", name="worker"),
        CheckConstraint("0 <= voucher_fen and voucher_fen <= price_fen", name="voucher"),
        Index(
            "visit_order_open_ix", "wanted_from", "area_code", postgresql_where=text("state = 2")
        ),
        Index("visit_order_reserving_ix", "placed_at", postgresql_where=text("state = 1")),
        Index("visit_order_area_ix", "area_code", "order_id"),
        Index("visit_order_elder_ix", "elder_id", "order_id"),
        Index("visit_order_organisation_ix", "organisation_id", "order_id"),
        Index("visit_order_day_ix", "worker_id", "planned_at"),
        Index("visit_order_left_ix", "worker_id", "checked_out_at"),
    )

    order_id: UUID = Field(
        primary_key=True, description="made from the client and its idempotency key"
    )
    version: int = 0
    digest: bytes = Field(description="of the request: the same key with another body is refused")
    elder_id: UUID
    area_code: str = Field(
        description=(
            "of the elder's home when it was placed: its figures and its county's workers stay "
            "the same"
        )
    )
    organisation_id: UUID | None = None
    worker_id: UUID | None = None
    item_code: str
    help: int = Field(sa_type=SmallInteger)
    state: State
    planned_min: int
    price_fen: int
    voucher_fen: int = 0
    wanted_from: datetime
    wanted_to: datetime
    planned_at: datetime | None = None
    placed_at: datetime
    channel: int = Field(sa_type=SmallInteger)
    attempt: int = Field(default=0, description="offers made so far")
    followed_up: bool = False
    institution: bool = Field(default=False, description="the elder lives in an institution")
    voucher: bool = Field(default=True, description="a voucher may pay a part")
    contact: bytes | None = sealed(CONTACT, default=None, description="JSON: name, phone, address")
    home: bytes | None = sealed(
        PLACE, default=None, description="position of the home; absent where none is known"
    )
    checked_in_at: datetime | None = Field(default=None, description="device")
    checked_out_at: datetime | None = Field(default=None, description="device")
    check_in_m: int | None = Field(default=None, description="from the home")
    in_place: bytes | None = sealed(PLACE, default=None, description="position of the check-in")
    out_place: bytes | None = sealed(PLACE, default=None, description="position of the check-out")


class Declined(TableBase, table=True):
    """Who is not offered an order again."""

    order_id: UUID = Field(primary_key=True)
    worker_id: UUID = Field(primary_key=True)
    declined_at: datetime
